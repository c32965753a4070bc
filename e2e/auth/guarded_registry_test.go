package auth

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/e2e/internal/tokens"
)

// withPasswords starts a registry that takes "me" with [soughtPassword], and returns where
// this machine reaches it.
func withPasswords(t *testing.T) string {
	t.Helper()
	// htpasswd(1) -nbB me leaked-7f3a9c
	const htpasswd = "me:$2a$05$trRVH.hnMFlInhNzPoAFHuv7MGePfeWINPTYo1JpMTUKyPXnLUDba\n"
	return guarded(t, "5013", "htpasswd", htpasswd,
		"REGISTRY_AUTH=htpasswd", "REGISTRY_AUTH_HTPASSWD_REALM=test", "REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd")
}

// withTokens starts a registry that takes the tokens of a server which the test tells whom to give
// which, and returns where this machine reaches it. The token server is at the engine's localhost
// too: credentials go to no other host without TLS.
func withTokens(t *testing.T) (string, *tokens.Server) {
	t.Helper()
	server, err := tokens.New()
	require.NoError(t, err)
	registry := guarded(t, "5014", "tokens.pem", string(server.Certificate()),
		"REGISTRY_AUTH=token", "REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE=/auth/tokens.pem",
		"REGISTRY_AUTH_TOKEN_REALM=http://"+harness.Relay(t, harness.Served(t, server))+"/token",
		"REGISTRY_AUTH_TOKEN_SERVICE="+tokens.Service, "REGISTRY_AUTH_TOKEN_ISSUER="+tokens.Issuer)
	return registry, server
}

// guarded starts a registry at a port of the engine's localhost, on the local registry's storage,
// which asks who is there. So a test looks at what was pushed through the local registry. The file is
// what it knows people by.
func guarded(t *testing.T, port, file, content string, environment ...string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644))
	container := "eval-images-e2e-guarded-" + port
	harness.Docker(t, "rm", "-f", container)
	open := strings.Fields(harness.Docker(t, "inspect", "-f", "{{.HostConfig.NetworkMode}} {{.Image}}", "eval-images-registry"))
	args := []string{
		"run", "-d", "--name", container, "--network", open[0], "--volumes-from", "eval-images-registry",
		"-v", dir + ":/auth:ro", "-e", "REGISTRY_HTTP_ADDR=:" + port,
	}
	for _, variable := range environment {
		args = append(args, "-e", variable)
	}
	harness.Docker(t, append(args, open[1])...)
	t.Cleanup(func() { harness.Docker(t, "rm", "-f", container) })
	host, _, err := net.SplitHostPort(harness.HostRegistry)
	require.NoError(t, err)
	address := net.JoinHostPort(host, port)
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + address + "/v2/")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusUnauthorized
	}, 20*time.Second, 100*time.Millisecond, "it does not ask who is there")
	return address
}
