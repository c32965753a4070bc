package e2e

import (
	"net"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSDKAsGitReference: the images of an SDK that is a git reference are named by its commit.
func TestSDKAsGitReference(t *testing.T) {
	t.Parallel()
	target := newTarget(t)
	url, commit := gitServer(t, target.sdk)
	builder := "builder:" + commit[:7]
	for name, ref := range map[string]string{"a branch": "main", "a tag": "v1", "a commit": commit} {
		t.Run(name, func(t *testing.T) {
			target := target
			target.sdk = url + "#" + ref
			assert.Contains(t, callModule(t, target.args("plan", "table")...).succeeds(t), builder)
		})
	}
	t.Run("a name of one's own goes before it", func(t *testing.T) {
		target := target
		target.sdk = url + "#main"
		args := append([]string{"--sdk-sha", "0123456" + commit[7:]}, target.args("plan", "table")...)
		assert.Contains(t, callModule(t, args...).succeeds(t), "builder:0123456")
	})
}

// gitServer serves a directory as a git repository with a branch main and a tag v1, where the
// engine reaches it.
func gitServer(t *testing.T, content string) (url, commit string) {
	t.Helper()
	dir := t.TempDir()
	work := filepath.Join(dir, "work")
	require.NoError(t, os.CopyFS(work, os.DirFS(content)))
	git(t, work, "init", "--quiet", "--initial-branch", "main")
	git(t, work, "add", ".")
	git(t, work, "-c", "user.name=e2e", "-c", "user.email=e2e@example.org", "commit", "--quiet", "-m", "one")
	git(t, work, "tag", "v1")
	git(t, dir, "clone", "--quiet", "--bare", work, "sdk.git")

	server := httptest.NewUnstartedServer(&cgi.Handler{
		Path: filepath.Join(git(t, dir, "--exec-path"), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1"},
	})
	server.Listener.Close()
	var err error
	server.Listener, err = net.Listen("tcp", net.JoinHostPort(hostSeenByEngine(t), "0"))
	require.NoError(t, err)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL + "/sdk.git", git(t, work, "rev-parse", "HEAD")
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	command := exec.Command("git", args...)
	command.Dir = dir
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))
	return strings.TrimSpace(string(output))
}

// hostSeenByEngine is this machine's address on the network that it has in common with the engine.
func hostSeenByEngine(t *testing.T) string {
	t.Helper()
	connection, err := net.Dial("udp", hostRegistry)
	require.NoError(t, err)
	defer connection.Close()
	host, _, err := net.SplitHostPort(connection.LocalAddr().String())
	require.NoError(t, err)
	return host
}
