package e2e

import (
	"crypto/rand"
	"encoding/hex"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// sampleInstances are the bundled sample, in the order of the manifest.
var sampleInstances = []string{"astropy__astropy-12907", "django__django-11099", "sympy__sympy-20590"}

// target is a set of repositories in the local registry that belongs to one test.
type target struct {
	registry string // as the engine reaches it
	prefix   string // "e2e-1a2b3c4d", the first segment of the repositories
	template string
	sdk      string
}

// newTarget is an empty set of repositories, so that a test neither finds what an earlier one left
// nor leaves it to others.
func newTarget(t *testing.T) target {
	t.Helper()
	var name [4]byte
	_, err := rand.Read(name[:])
	require.NoError(t, err)
	return target{
		registry: engineRegistry,
		prefix:   "e2e-" + hex.EncodeToString(name[:]),
		template: engineRegistry + "/swebench/sweb.eval.{arch}.{repo}_1776_{name}:latest",
		sdk:      filepath.Join(root, "testdata", "sdk"),
	}
}

// args are the arguments of a call: the module's flags for this target, those among the given ones,
// the function, and its own flags.
func (g target) args(function string, given ...string) []string {
	return append([]string{
		"--sdk", g.sdk,
		"--image-template", g.template,
		"--builder-repo", g.registry + "/" + g.prefix + "/builder",
		"--base-repo", g.registry + "/" + g.prefix + "/base",
		"--agent-repo", g.registry + "/" + g.prefix + "/agent",
	}, arranged(function, given...)...)
}

// assembleAll publishes, and returns the directory with the manifest.
func (g target) assembleAll(t *testing.T, flags ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := append([]string{"--publish"}, flags...)
	callModule(t, g.args("assemble-all", append(args, "directory", "export", "--path", dir)...)...).succeeds(t)
	return dir
}
