package redact

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
)

// The seeds are files in testdata/fuzz, named by what they are.

// FuzzText: whatever somebody wrote, all forms of it are safe to show, the password behind a user
// is in none, and what is safe stays as it is.
func FuzzText(f *testing.F) {
	const canary = "c4n4ry"
	f.Fuzz(func(t *testing.T, text, password string) {
		if strings.ContainsAny(password, " \t\r\n\v\f\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\"") || strings.Contains(text, canary) {
			password = ""
		}
		for _, text := range []string{text, text + " https://me:x" + password + canary + "@host.example/a " + text} {
			requireShowable(t, Text(text), MaxText)
			requireShowable(t, Line(text), MaxLine)
			requireShowable(t, List(text), MaxList)
			require.NotContains(t, Line(text), "\n")
			require.Regexp(t, `^[ -~]*…?$`, ASCII(text))
			require.LessOrEqual(t, len(ASCII(text)), MaxLine)
			require.Regexp(t, `^"[ -~]*"(… \([0-9]+ bytes\))?$`, Quote(text))
			require.LessOrEqual(t, len(Name(text)), 10*maxQuoted)
			requireShowable(t, ASCII(text)+"\n"+Name(text), 2*MaxLine+10*maxQuoted)
			require.NoError(t, datasettest.Shown(Error(shown(Quote(text)))))
			require.Equal(t, Text(text), Text(Text(text)))
			require.Equal(t, Line(text)+"!", Reword(shown("!"), text).Error()+"!")
			for _, safe := range []string{Text(text), Line(text), ASCII(text), Quote(text), Name(text), Code(text), Block(text)} {
				require.NotContains(t, safe, canary)
			}
			block := Block(text)
			around := block[:strings.Index(block, "text\n")]
			require.Equal(t, 2, strings.Count("\n"+block, "\n"+around), "nothing in it ends it")
		}
		if len(password) >= 2*shownAtMost && strings.Trim(password, "*") != "" {
			require.NotContains(t, Secrets(text, password), password)
		}
	})
}

// shown is a text as an error.
type shown string

func (s shown) Error() string { return string(s) }
