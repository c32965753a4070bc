package classify_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
)

// FuzzCause: a run can go on after any text of an engine or a registry.
func FuzzCause(f *testing.F) {
	f.Fuzz(func(t *testing.T, said string) {
		err := classify.FindError(errors.New(said))
		require.Error(t, err)
		cause := classify.Of(err)
		require.Zero(t, cause.Wait, "an engine's text does not say how long to wait")
		require.Equal(t, cause.Class, classify.Of(err).Class)
		failure := &manifest.Failure{Phase: plan.PhaseBase, Instance: "a", Err: err}
		require.True(t, strings.HasPrefix(failure.Error(), "base a: "))
		text := redact.Text(said)
		require.LessOrEqual(t, len(text), redact.MaxText)
		require.False(t, strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }), "%q", text)
	})
}
