package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/tokens"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// canary is a password that must not appear anywhere.
const canary = "canary-7f3a9c"

// refusal is a call that has to end before anything is built.
type refusal struct {
	user, password string   // none if empty
	says           []string // in its one line
}

// doors to what the local registry has, at which somebody asks who is there.
type doors struct {
	withPasswords, withTokens string // as this machine reaches them
	tokens                    *tokens.Server
}

// TestCredentials is about registries that do not take everybody.
func TestCredentials(t *testing.T) {
	t.Parallel()
	d := &doors{withPasswords: withPasswords(t)}
	d.withTokens, d.tokens = withTokens(t)
	d.tokens.Let("me", tokens.Account{Password: canary})
	t.Run("passwords", d.testPasswords)
	t.Run("tokens", d.testTokens)
	t.Run("plain HTTP", d.testPlainHTTP)
	t.Run("revoked", d.testRevoked)
	t.Run("limits", d.testLimits)
	t.Run("hidden reasons", d.testHiddenReasons)
	t.Run("canary", d.testCanary)
}

// testPasswords: a registry that wants a password with each request.
func (d *doors) testPasswords(t *testing.T) {
	t.Parallel()
	for _, publisher := range []string{"engine", "direct"} {
		t.Run(publisher, func(t *testing.T) {
			t.Parallel()
			f, proxy := proxiedFleet(t, d.withPasswords, 20)
			f.refuses(t, proxy, publisher, map[string]refusal{
				"a wrong one": {"me", "wrong", []string{f.prefix + "/builder as me", "401 Unauthorized"}},
				"none":        {"", "", []string{"401 Unauthorized", "docker login"}},
			})
		})
	}
	t.Run("the builder of these calls fails with the right one", func(t *testing.T) {
		t.Parallel()
		f, _ := proxiedFleet(t, d.withPasswords, 1)
		f.sdk = failingSDK(t)
		assert.Contains(t, f.message(t, "auto", "me", canary), builderMark)
	})
	t.Run("what is no pair of credentials", func(t *testing.T) {
		t.Parallel()
		f := fleetOf(t, task(1))
		message := f.call(t, "assemble-all", "--publish", "--registry-username", "me", "total").message(t)
		assert.Contains(t, message, "belong together")
		assertOneLine(t, message)
		absent := []string{"--publish", "--registry-username", "me", "--registry-password", "env:NO_SUCH_VARIABLE", "total"}
		message = f.call(t, "assemble-all", absent...).message(t)
		assert.Contains(t, message, "secret env var not found")
		assertOneLine(t, message)
	})
}

// testTokens: a registry that wants tokens, as ghcr.io and Docker Hub do. Its token server gives
// them for a password.
func (d *doors) testTokens(t *testing.T) {
	t.Parallel()
	server := d.tokens
	server.Let("reader", tokens.Account{Password: canary, May: func(_, action string) bool { return action == "pull" }})
	server.Let("maker of bases", tokens.Account{Password: canary, May: func(repository, action string) bool {
		return action == "pull" || !strings.HasSuffix(repository, "/agent")
	}})
	t.Run("a check asks for leave to pull the agent images, and for no more", func(t *testing.T) {
		t.Parallel()
		server.Let("checker", tokens.Account{Password: canary})
		f, proxy := proxiedFleet(t, d.withTokens, 2)
		message := f.call(t, "check", "--registry-username", "checker", "--registry-password", secret(t, canary)).message(t)
		assert.Contains(t, message, "the registry lacks 2 references of 2 agent images")
		for _, asked := range server.Requests("checker") {
			assert.Equal(t, []string{"repository:" + f.prefix + "/agent:pull"}, asked.Scopes)
		}
		assert.Zero(t, proxy.Count(http.MethodPost, ""), "no upload is begun")
	})
	for _, publisher := range []string{"engine", "direct"} {
		t.Run(publisher, func(t *testing.T) {
			t.Parallel()
			f, proxy := proxiedFleet(t, d.withTokens, 20)
			t.Run("that expire", func(t *testing.T) {
				user := "robot$hasty+" + publisher // As Harbor has them.
				server.Let(user, tokens.Account{Password: canary, Life: 3 * time.Second})
				slow := registrytest.Delay(time.Second) // So the run takes longer than a token lives.
				proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/agent/manifests/" + f.sha[:7], Fault: slow})
				f.builds(t, 20, "--publisher", publisher, "--max-workers", "4", "--registry-username", user, "--registry-password", secret(t, canary))
				assert.Positive(t, renewals(proxy, "/agent/"))
				for _, asked := range server.Requests(user) {
					assert.Less(t, len(asked.Query), 1000, "no question for a token grows with the run: %s", asked.Query)
				}
			})
			f.refuses(t, proxy, publisher, map[string]refusal{
				"for a wrong password":              {"me", "wrong", []string{f.prefix + "/builder as me", "401 Unauthorized"}},
				"for no password":                   {"", "", []string{"401 Unauthorized", "docker login"}},
				"that are for pulling only":         {"reader", canary, []string{f.prefix + "/builder as reader", "401 Unauthorized"}},
				"that are not for every repository": {"maker of bases", canary, []string{f.prefix + "/agent as maker of bases", "401 Unauthorized"}},
			})
		})
	}
}

// renewals counts how often a registry refused what it had taken before, and then took something
// else, for what has such a path.
func renewals(proxy *registrytest.Proxy, path string) int {
	renewed, taken, refused := 0, false, false
	for _, request := range proxy.Requests() {
		switch {
		case !strings.Contains(request.Path, path):
		case request.Status == http.StatusUnauthorized:
			refused = taken
		case refused:
			renewed, refused = renewed+1, false
		default:
			taken = true
		}
	}
	return renewed
}

// testPlainHTTP: a registry at a private address gets the password that way on request only.
func (d *doors) testPlainHTTP(t *testing.T) {
	t.Parallel()
	f := fleetOf(t, task(1))
	f.registry = d.withPasswords
	login := []string{"--registry-username", "me", "--registry-password", secret(t, canary)}
	message := f.call(t, "check", login...).message(t)
	assert.NotContains(t, message, "the registry lacks")
	assert.Contains(t, message, "HTTP response to HTTPS client")
	message = f.call(t, "check", append(login, "--plain-http")...).message(t)
	assert.Contains(t, message, "the registry lacks 1 references of 1 agent images")
	message = f.call(t, "assemble-all", append(login, "--publish", "--publisher", "direct", "total")...).message(t)
	assert.Contains(t, message, "the registry speaks plain HTTP")
	assert.Contains(t, message, "see --plain-http")
}

// builds: so many images of the fleet are built with these flags.
func (f fleet) builds(t *testing.T, size int, flags ...string) {
	t.Helper()
	agents := records(t, f.run(t, append(flags, "--limit", strconv.Itoa(size))...), "manifest.jsonl")
	require.Len(t, agents, size)
	for _, agent := range agents {
		require.Equal(t, "built", agent.Status, agent.Error)
	}
	assert.Len(t, f.agents(t), size)
}

// mostRequests of a call that is refused, however many images it is about: three for each
// repository that may be pushed to.
const mostRequests = 9

// refuses: nothing is built, the registry is asked a few times, and one line says so.
func (f fleet) refuses(t *testing.T, proxy *registrytest.Proxy, publisher string, refused map[string]refusal) {
	f.sdk = failingSDK(t)
	f.sha = "f" + f.sha[1:] // Another one, of which the registry has nothing.
	for name, one := range refused {
		t.Run(name, func(t *testing.T) {
			proxy.Script()
			message := f.message(t, publisher, one.user, one.password)
			for _, part := range one.says {
				assert.Contains(t, message, part)
			}
			assert.NotContains(t, message, builderMark, "nothing is built")
			assert.NotContains(t, message, canary)
			assertOneLine(t, message)
			assert.LessOrEqual(t, len(proxy.Requests()), mostRequests)
		})
	}
}

// message is what a call with these credentials ends with.
func (f fleet) message(t *testing.T, publisher, user, password string) string {
	t.Helper()
	flags := []string{"--publish", "--publisher", publisher}
	if user != "" {
		flags = append(flags, "--registry-username", user, "--registry-password", secret(t, password))
	}
	return f.call(t, "assemble-all", append(flags, "total")...).message(t)
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
