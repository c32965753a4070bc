package supply

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/workflow"
)

func signing(t *testing.T) workflow.Workflow {
	t.Helper()
	w, err := workflow.Read(root + "/examples/github/images.yml")
	require.NoError(t, err)
	return w
}

// TestWhatIsBuiltCannotSignItself: the jobs that sign have rights of their own, and run nothing of what built the images.
func TestWhatIsBuiltCannotSignItself(t *testing.T) {
	w := signing(t)
	assert.NotNil(t, w.Permissions)
	assert.Empty(t, w.Permissions)
	for name, permissions := range map[string]map[string]string{
		"images": {"contents": "read", "packages": "write"},
		"sign":   {"packages": "write", "id-token": "write"},
		"attest": {"attestations": "write", "id-token": "write"},
	} {
		assert.Equal(t, permissions, w.Jobs[name].Permissions, name)
	}
	for _, name := range []string{"sign", "attest"} {
		job := w.Jobs[name]
		assert.Equal(t, "images", job.Needs, name)
		assert.Equal(t, "${{ !cancelled() }}", job.If, "%s: also if an image failed", name)
		for _, step := range job.Steps {
			assert.False(t, step.CallsDagger() || step.UsesAction("actions/checkout"), "%s: %s", name, step.Name)
			assert.NotContains(t, step.Run, "${{", "%s: %s", name, step.Name)
		}
	}
}

// TestEachImageIsAttestedOnce runs the step that makes the parts, which an attestation bounds.
func TestEachImageIsAttestedOnce(t *testing.T) {
	job := signing(t).Jobs["attest"]
	take := job.Steps[slices.IndexFunc(job.Steps, func(step workflow.Step) bool { return step.ID == "part" })]
	dir := t.TempDir()
	var published, want []string
	for i := range 5_501 {
		published = append(published, fmt.Sprintf("localhost:5000/me/agent@sha256:%064x", i))
		want = append(want, fmt.Sprintf("%064x  localhost:5000/me/agent", i))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "published.txt"), []byte(strings.Join(published, "\n")+"\n"), 0o644))
	var attested []string
	for part := range 6 {
		command := exec.Command("bash", "-eo", "pipefail", "-c", take.Run)
		command.Dir = dir
		command.Env = append(os.Environ(), fmt.Sprintf("PART=%d", part), "GITHUB_OUTPUT="+filepath.Join(dir, "outputs"))
		output, err := command.CombinedOutput()
		require.NoError(t, err, string(output))
		checksums, err := os.ReadFile(filepath.Join(dir, "checksums.txt"))
		require.NoError(t, err)
		lines := strings.Split(strings.TrimSpace(string(checksums)), "\n")
		require.LessOrEqual(t, len(lines), 1024)
		attested = append(attested, lines...)
	}
	assert.Equal(t, want, attested)
	outputs, err := os.ReadFile(filepath.Join(dir, "outputs"))
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("count=1000\n", 5)+"count=501\n", string(outputs))
}
