package workflow_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWhatWasPublishedIsHandedOn runs the step that makes the outputs of published.txt.
func TestWhatWasPublishedIsHandedOn(t *testing.T) {
	w := read(t, "build-images.yml")
	for _, output := range []string{"count", "images"} {
		assert.Equal(t, "${{ jobs.report.outputs."+output+" }}", w.On.Call.Outputs[output].Value)
		assert.NotEmpty(t, w.On.Call.Outputs[output].Description)
		assert.Equal(t, "${{ steps.published.outputs."+output+" }}", w.Jobs["report"].Outputs[output])
	}
	steps := w.Jobs["report"].Steps
	published := steps[len(steps)-2]
	require.Equal(t, "published", published.ID, "before the step that fails if an image did")
	require.Equal(t, "python", published.Shell)
	for name, test := range map[string]struct{ images, listed int }{
		"nothing was published":                      {0, 0},
		"as many as a matrix takes":                  {256, 256},
		"more than that are in the file only":        {257, 0},
		"more than an output of a megabyte can name": {20_000, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "out"), 0o755))
			var lines strings.Builder
			for i := range test.images {
				fmt.Fprintf(&lines, "ghcr.io/me/eval-agent-server@sha256:%064x\n", i)
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, "out", "published.txt"), []byte(lines.String()), 0o644))
			command := exec.Command("python3", "-")
			command.Dir, command.Stdin = dir, strings.NewReader(published.Run)
			command.Env = append(os.Environ(), "GITHUB_OUTPUT="+filepath.Join(dir, "outputs"))
			output, err := command.CombinedOutput()
			require.NoError(t, err, string(output))
			written, err := os.ReadFile(filepath.Join(dir, "outputs"))
			require.NoError(t, err)
			count, images, found := strings.Cut(string(written), "\nimages=")
			require.True(t, found, string(written))
			assert.Equal(t, fmt.Sprintf("count=%d", test.images), count)
			assert.NotContains(t, strings.TrimSuffix(images, "\n"), "\n", "one line")
			var list []string
			require.NoError(t, json.Unmarshal([]byte(images), &list))
			assert.Len(t, list, test.listed)
		})
	}
}
