package pipeline

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/redact"
	"dagger/eval-images/reference"
)

// The seeds of all targets are files in testdata/fuzz, named by what they are.

// FuzzReadJSONLines: what is accepted for a manifest is fit for a terminal and a page, can be merged with itself, and is written and read
// again without a change.
func FuzzReadJSONLines(f *testing.F) {
	f.Fuzz(func(t *testing.T, name, content string) {
		records, err := ReadJSONLines(name, content)
		if err != nil {
			require.Nil(t, records)
			require.NotContains(t, err.Error(), "\n")
			require.False(t, strings.ContainsFunc(err.Error(), unicode.IsControl), "%q", err)
			require.Less(t, len(err.Error()), 1000)
			return
		}
		written := jsonLines(t, records)
		again, err := ReadJSONLines(name, written)
		require.NoError(t, err)
		rewritten := jsonLines(t, again)
		require.Equal(t, written, rewritten)

		merged := Merge(append(records, again...))
		require.LessOrEqual(t, len(merged), 2*len(records))
		summary := Summary(&Result{Images: merged, Bases: merged, Builders: merged})
		require.False(t, strings.ContainsFunc(summary, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }), "%q", summary)
	})
}

// FuzzNames: what the check of names lets through makes references that a registry takes, and the same ones again.
func FuzzNames(f *testing.F) {
	f.Fuzz(func(t *testing.T, builder, base, agent, target, suffix, tag, sdk, dockerfile, custom string) {
		names := Names{
			BuilderRepo: builder, BaseRepo: base, AgentRepo: agent, Target: target, Suffix: suffix, Tags: []string{tag, tag},
			Keys: NewKeys(sdk, dockerfile),
		}
		if err := names.Check(); err != nil {
			require.NoError(t, datasettest.Shown(err))
			return
		}
		if sdk == "" || !word.MatchString("a"+custom) {
			return // The SDK's identity is never empty, and a custom part is what a dataset's resolution gives.
		}
		instances := []dataset.Instance{
			{ID: "a__a-1", Repo: "a", Custom: "a" + custom}, {ID: "sphinx-doc__a-1", Repo: "sphinx-doc", Custom: "b" + custom},
		}
		plan := NewPlan(names, instances)
		require.Equal(t, plan, NewPlan(names, instances))
		references := []string{plan.Builder}
		for _, item := range plan.Items {
			references = append(append(references, item.Base), item.References()...)
		}
		for _, image := range references {
			require.NoError(t, reference.Check(image))
		}
		require.NoError(t, datasettest.Shown(plan.Check()))
		if _, err := plan.JSONLines(); err != nil {
			require.NoError(t, err)
		}
		require.NotEmpty(t, plan.Table())
	})
}

func FuzzCheckDockerfile(f *testing.F) {
	f.Fuzz(func(t *testing.T, content string) {
		if err := CheckDockerfile(content); err != nil {
			require.NoError(t, datasettest.Shown(err))
			return
		}
		lowered := strings.ToLower(content)
		require.Contains(t, lowered, TargetBuilder)
		require.Contains(t, lowered, TargetBase)
	})
}

// FuzzCause: whatever an engine or a registry says, a run can go on from there.
func FuzzCause(f *testing.F) {
	f.Fuzz(func(t *testing.T, said string) {
		err := FindError(errors.New(said))
		require.Error(t, err)
		cause := CauseOf(err)
		require.Zero(t, cause.Wait, "an engine's text does not say how long to wait")
		require.Equal(t, cause.Kind, CauseOf(err).Kind)
		failure := &Failure{Phase: PhaseBase, Instance: "a", Err: err}
		require.True(t, strings.HasPrefix(failure.Error(), "base a: "))
		text := redact.Text(said)
		require.LessOrEqual(t, len(text), redact.MaxText)
		require.False(t, strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }), "%q", text)
	})
}
