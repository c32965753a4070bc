package registrytest

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// MaxText is the length, in bytes, that no error about a single answer exceeds.
const MaxText = 999

// RequireLine requires that a text with words of a registry is one printable line of at most so
// many bytes.
func RequireLine(t *testing.T, text string, longest int) {
	t.Helper()
	require.True(t, utf8.ValidString(text), "%q", text)
	require.LessOrEqual(t, len(text), longest)
	require.False(t, strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", text)
}
