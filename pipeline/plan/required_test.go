package plan

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/redact"
)

func TestRequiredPathsAreAbsoluteAndClean(t *testing.T) {
	require.NoError(t, CheckRequired(nil))
	require.NoError(t, CheckRequired([]string{"/usr/bin/git", "/opt/acp node/.venv", "/usr/local/bin/gemini", "/größe", "/..a", "/$(id);`id`"}))

	for what, path := range map[string]string{
		"an empty path":                 "",
		"the root":                      "/",
		"a relative path":               "usr/bin/git",
		"a space before it":             " /usr/bin/git",
		"a directory with a slash":      "/usr/bin/",
		"two slashes":                   "/usr//bin",
		"a dot":                         "/usr/./bin",
		"a way up":                      "/usr/../bin/git",
		"a way out":                     "/../../etc/passwd",
		"an escape":                     "/usr/bin/\x1b[2J",
		"a line break":                  "/usr/bin/git\n::error::",
		"a NUL":                         "/usr/bin/git\x00",
		"reversed text":                 "/usr/bin/\u202etig",
		"bytes that are no text":        "/usr/bin/\xff",
		"more than Linux takes":         "/" + strings.Repeat("x", 4095),
		"a megabyte":                    "/" + strings.Repeat("x", 1<<20),
		"an invisible character inside": "/usr/bin/g\u200bit",
	} {
		t.Run(what, func(t *testing.T) {
			err := CheckRequired([]string{"/usr/bin/git", path})
			require.ErrorContains(t, err, "--require is ")
			assert.Equal(t, redact.Line(err.Error()), err.Error(), "safe to show")
		})
	}
	require.EqualError(t, CheckRequired(make([]string, 101)), "--require has 101 paths: it must have at most 100")
}
