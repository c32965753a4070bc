package supply

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNotCheckedIsNeverNothingFound: where the database of vulnerabilities cannot be reached,
// hack/vuln.sh says so and fails.
func TestNotCheckedIsNeverNothingFound(t *testing.T) {
	for name, database := range map[string]string{
		"a file that is missing":        "file://" + filepath.Join(t.TempDir(), "none"),
		"a server that does not answer": "http://127.0.0.1:1",
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.Command("../../hack/vuln.sh")
			command.Env = append(os.Environ(), "GOVULNDB="+database)
			out, err := command.CombinedOutput()
			var failed *exec.ExitError
			require.ErrorAs(t, err, &failed, string(out))
			assert.Equal(t, 69, failed.ExitCode(), string(out))
			assert.Contains(t, string(out), "not checked: the vulnerability database "+database+" cannot be reached")
		})
	}
}
