package usage

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// TestWithoutAnEngine: where no engine can run, there is one clear line about why, and no target of
// make passes.
func TestWithoutAnEngine(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"engine", "registry", "run", "test"} {
		t.Run("make "+target, func(t *testing.T) {
			t.Parallel()
			// The unit tests need no engine, and pass: they are left out here.
			command := exec.Command("make", "--no-print-directory", "--old-file=unit", "--old-file=server-test", target)
			command.Dir = harness.Root
			command.Env = append(os.Environ(), "CI=true", "DOCKER_HOST=tcp://127.0.0.1:1") // where nothing answers
			output, err := command.CombinedOutput()
			require.Error(t, err, "%s", output)
			lines := strings.Split(strings.TrimSpace(string(output)), "\n")
			assert.Contains(t, lines[0], "error: no Docker daemon answers at DOCKER_HOST=tcp://127.0.0.1:1")
			for _, line := range lines[1:] {
				assert.Contains(t, line, "make", "a second line of our own")
			}
		})
	}
	assert.FileExists(t, filepath.Join(harness.Root, "out", "registry"), "what was there stays")
}
