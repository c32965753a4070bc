package harness

import (
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Served is the address of a new server that the engine and the module reach, and this machine.
func Served(t *testing.T, handler http.Handler) (address string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close()
	var err error
	server.Listener, err = net.Listen("tcp", net.JoinHostPort(hostSeenByEngine(t), "0"))
	require.NoError(t, err)
	server.Start()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.Listener.Addr().String()
}

// hostSeenByEngine is this machine's address on the network that it has in common with the engine.
func hostSeenByEngine(t *testing.T) string {
	t.Helper()
	connection, err := net.Dial("udp", HostRegistry)
	require.NoError(t, err)
	defer connection.Close()
	host, _, err := net.SplitHostPort(connection.LocalAddr().String())
	require.NoError(t, err)
	return host
}

// GitServer serves a directory as a git repository with a branch main and a tag v1, where the
// engine reaches it.
func GitServer(t *testing.T, content string) (url, commit string) {
	t.Helper()
	dir := t.TempDir()
	work := filepath.Join(dir, "work")
	require.NoError(t, os.CopyFS(work, os.DirFS(content)))
	git(t, work, "init", "--quiet", "--initial-branch", "main")
	git(t, work, "add", ".")
	git(t, work, "-c", "user.name=e2e", "-c", "user.email=e2e@example.org", "commit", "--quiet", "-m", "one")
	git(t, work, "tag", "v1")
	git(t, dir, "clone", "--quiet", "--bare", work, "sdk.git")

	address := Served(t, &cgi.Handler{
		Path: filepath.Join(git(t, dir, "--exec-path"), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1"},
	})
	return "http://" + address + "/sdk.git", git(t, work, "rev-parse", "HEAD")
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	command := exec.Command("git", args...)
	command.Dir = dir
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))
	return strings.TrimSpace(string(output))
}
