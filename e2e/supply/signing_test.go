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

// TestWhatIsBuiltCannotSignItself: the jobs that sign have rights of their own, and run nothing of
// what built the images.
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
	dir := publishedImages(t, 5_501)
	var want, attested []string
	for i := range 5_501 {
		want = append(want, fmt.Sprintf("%064x  localhost:5000/me/agent", i))
	}
	for part := range 6 {
		output, err := takePart(t, dir, part)
		require.NoError(t, err, output)
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

// TestMoreImagesThanThePartsTakeIsAnError: without it nobody would learn that some have no
// attestation.
func TestMoreImagesThanThePartsTakeIsAnError(t *testing.T) {
	for images, fails := range map[int]bool{0: false, 6_000: false, 6_001: true} {
		output, err := takePart(t, publishedImages(t, images), 0)
		assert.Equal(t, fails, err != nil, "%d images: %s", images, output)
		assert.Equal(t, fails, strings.Contains(output, "::error::more than 6,000 images: add parts to the matrix"), "%d images: %s", images, output)
	}
}

// publishedImages is a directory with a published.txt of so many images.
func publishedImages(t *testing.T, images int) (dir string) {
	t.Helper()
	var lines strings.Builder
	for i := range images {
		fmt.Fprintf(&lines, "localhost:5000/me/agent@sha256:%064x\n", i)
	}
	dir = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "published.txt"), []byte(lines.String()), 0o644))
	return dir
}

// takePart runs the step that makes one part of published.txt, in its directory.
func takePart(t *testing.T, dir string, part int) (output string, err error) {
	t.Helper()
	job := signing(t).Jobs["attest"]
	take := job.Steps[slices.IndexFunc(job.Steps, func(step workflow.Step) bool { return step.ID == "part" })]
	command := exec.Command("bash", "-eo", "pipefail", "-c", take.Run)
	command.Dir = dir
	command.Env = append(os.Environ(), fmt.Sprintf("PART=%d", part), "GITHUB_OUTPUT="+filepath.Join(dir, "outputs"))
	combined, err := command.CombinedOutput()
	return string(combined), err
}
