package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// canary is a password that must not appear anywhere.
const canary = "canary-7f3a9c"

// TestCredentials runs against a registry that takes one user.
func TestCredentials(t *testing.T) {
	t.Parallel()
	const port = "5011"
	startGuardedRegistry(t, port)
	right, wrong := secret(t, canary), secret(t, "wrong")
	run := func(t *testing.T, g target, flags ...string) call {
		t.Helper()
		args := append([]string{"assemble-all", "--publish", "--instance-ids", sampleInstances[0]}, flags...)
		return callModule(t, g.args(append(args, "file", "contents")...)...)
	}
	here := func(t *testing.T) target {
		g := newTarget(t)
		g.registry = "localhost:" + port
		return g
	}

	t.Run("with the right ones everything is published, and they appear nowhere", func(t *testing.T) {
		g := here(t)
		c := run(t, g, "--registry-username", "me", "--registry-password", right)
		assert.Contains(t, c.succeeds(t), `"status":"built"`)
		assert.NotContains(t, c.stdout+c.stderr, canary)

		host, _, _ := strings.Cut(hostRegistry, ":")
		repo, err := name.NewRepository(host+":"+port+"/"+g.prefix+"/agent", name.Insecure)
		require.NoError(t, err)
		me := remote.WithAuth(&authn.Basic{Username: "me", Password: canary})
		found, err := remote.List(repo, me)
		require.NoError(t, err)
		require.Len(t, found, 1)
		img, err := remote.Image(repo.Tag(found[0]), me)
		require.NoError(t, err)
		config, err := img.RawConfigFile()
		require.NoError(t, err)
		assert.NotContains(t, string(config), canary)
	})
	failing := func(t *testing.T) target {
		g := here(t)
		g.sdk = failingSDK(t)
		return g
	}
	refused := map[string]struct{ flags, says []string }{
		"with wrong ones":       {[]string{"--registry-username", "me", "--registry-password", wrong}, []string{"401 Unauthorized", "credentials"}},
		"without any":           {nil, []string{"401 Unauthorized", "--registry-username"}},
		"with half of them":     {[]string{"--registry-username", "me"}, []string{"belong together"}},
		"with the wrong secret": {[]string{"--registry-username", "me", "--registry-password", "env:NO_SUCH_VARIABLE"}, []string{"secret env var not found"}},
	}
	for name, test := range refused {
		t.Run(name+" nothing is built, and one line says so", func(t *testing.T) {
			message := run(t, failing(t), test.flags...).message(t)
			for _, part := range test.says {
				assert.Contains(t, message, part)
			}
			assert.NotContains(t, message, builderMark, "nothing is built")
			assertOneLine(t, message)
			t.Log(message)
		})
	}
	t.Run("the builder of these calls would have failed", func(t *testing.T) {
		message := run(t, failing(t), "--registry-username", "me", "--registry-password", right).message(t)
		assert.Contains(t, message, builderMark)
	})
}

// startGuardedRegistry starts a second registry beside the first, with basic authentication.
func startGuardedRegistry(t *testing.T, port string) {
	t.Helper()
	dir := t.TempDir()
	// htpasswd(1) -nbB me canary-7f3a9c
	const htpasswd = "me:$2a$05$trRVH.hnMFlInhNzPoAFHupQN3k8NT4Fdb71AUUyD8QYvRxWrEcnC\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "htpasswd"), []byte(htpasswd), 0o644))
	container := "eval-images-e2e-guarded"
	docker(t, "rm", "-fv", container)
	first := strings.Fields(docker(t, "inspect", "-f", "{{.HostConfig.NetworkMode}} {{.Image}}", "eval-images-registry"))
	docker(t, "run", "-d", "--name", container, "--network", first[0],
		"-v", dir+":/auth:ro",
		"-e", "REGISTRY_HTTP_ADDR=:"+port,
		"-e", "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/tmp/registry",
		"-e", "REGISTRY_AUTH=htpasswd", "-e", "REGISTRY_AUTH_HTPASSWD_REALM=test", "-e", "REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd",
		first[1])
	t.Cleanup(func() { docker(t, "rm", "-fv", container) })
	host, _, _ := strings.Cut(hostRegistry, ":")
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + host + ":" + port + "/v2/")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusUnauthorized
	}, 20*time.Second, 100*time.Millisecond)
}

// secret is a file with a value, as a flag takes it.
func secret(t *testing.T, value string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(value), 0o600))
	return "file:" + path
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	output, err := exec.Command("docker", args...).CombinedOutput()
	if args[0] != "rm" { // There may be nothing to remove.
		require.NoError(t, err, string(output))
	}
	return string(output)
}
