package supply

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root of the project.
const root = "../.."

// tracked are the paths of the files that git has and for which keep says yes.
func tracked(t *testing.T, keep func(path string) bool) []string {
	t.Helper()
	output, err := exec.Command("git", "-C", root, "ls-files", "-z").Output()
	require.NoError(t, err)
	var paths []string
	for _, path := range strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00") {
		if keep(path) {
			paths = append(paths, path)
		}
	}
	require.NotEmpty(t, paths)
	return paths
}

// text of a file of the project.
func text(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(data)
}

// lines of a file of the project, without blank space around them.
func lines(t *testing.T, path string) []string {
	t.Helper()
	all := strings.Split(text(t, path), "\n")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}
