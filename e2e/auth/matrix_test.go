package auth

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/e2e/internal/tokens"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// soughtPassword is a password that must not appear anywhere.
const soughtPassword = "leaked-7f3a9c"

// refusal is a call that has to end before anything is built.
type refusal struct {
	user, password string   // none if empty
	says           []string // in its one line
}

// authMatrix is the registries that ask who is there, with passwords and with tokens. Both have the
// local registry's storage, and each test tries one of them with both publishers.
type authMatrix struct {
	withPasswords, withTokens string // as this machine reaches them
	tokens                    *tokens.Server
}

// TestCredentials is about registries that do not take everybody.
func TestCredentials(t *testing.T) {
	t.Parallel()
	m := &authMatrix{withPasswords: withPasswords(t)}
	m.withTokens, m.tokens = withTokens(t)
	m.tokens.Let("me", tokens.Account{Password: soughtPassword})
	t.Run("passwords", m.testPasswords)
	t.Run("tokens", m.testTokens)
	t.Run("plain HTTP", m.testPlainHTTP)
	t.Run("revoked", m.testRevoked)
	t.Run("limits", m.testLimits)
	t.Run("hidden reasons", m.testHiddenReasons)
	t.Run("secret leaks", m.testSecretLeak)
}

// testPasswords: a registry that wants a password with each request.
func (m *authMatrix) testPasswords(t *testing.T) {
	t.Parallel()
	for _, publisher := range []string{"engine", "direct"} {
		t.Run(publisher, func(t *testing.T) {
			t.Parallel()
			f, proxy := harness.ProxiedFleet(t, m.withPasswords, 20)
			refuses(t, f, proxy, publisher, map[string]refusal{
				"a wrong one": {"me", "wrong", []string{f.Prefix + "/builder as me", "401 Unauthorized"}},
				"none":        {"", "", []string{"401 Unauthorized", "docker login"}},
			})
		})
	}
	t.Run("the builder of these calls fails with the right one", func(t *testing.T) {
		t.Parallel()
		f, _ := harness.ProxiedFleet(t, m.withPasswords, 1)
		f.SDK = harness.FailingSDK(t)
		assert.Contains(t, messageFor(t, f, "auto", "me", soughtPassword), harness.BuilderMark)
	})
	t.Run("what is no pair of credentials", func(t *testing.T) {
		t.Parallel()
		f := harness.NewFleet(t, harness.Task(1))
		message := f.Call(t, "assemble-all", "--publish", "--registry-username", "me", "total").Message(t)
		assert.Contains(t, message, "belong together")
		harness.AssertOneLine(t, message)
		absent := []string{"--publish", "--registry-username", "me", "--registry-password", "env:NO_SUCH_VARIABLE", "total"}
		message = f.Call(t, "assemble-all", absent...).Message(t)
		assert.Contains(t, message, "secret env var not found")
		harness.AssertOneLine(t, message)
	})
}

// testTokens: a registry that wants tokens, as ghcr.io and Docker Hub do. Its token server gives
// them for a password.
func (m *authMatrix) testTokens(t *testing.T) {
	t.Parallel()
	server := m.tokens
	server.Let("reader", tokens.Account{Password: soughtPassword, May: func(_, action string) bool { return action == "pull" }})
	server.Let("maker of bases", tokens.Account{Password: soughtPassword, May: func(repository, action string) bool {
		return action == "pull" || !strings.HasSuffix(repository, "/agent")
	}})
	t.Run("a check asks for leave to pull the agent images, and for no more", func(t *testing.T) {
		t.Parallel()
		server.Let("checker", tokens.Account{Password: soughtPassword})
		f, proxy := harness.ProxiedFleet(t, m.withTokens, 2)
		message := f.Call(t, "check", "--registry-username", "checker", "--registry-password", secret(t, soughtPassword)).Message(t)
		assert.Contains(t, message, "the registry lacks 2 references of 2 agent images")
		for _, asked := range server.Requests("checker") {
			assert.Equal(t, []string{"repository:" + f.Prefix + "/agent:pull"}, asked.Scopes)
		}
		assert.Zero(t, proxy.Count(http.MethodPost, ""), "no upload is begun")
	})
	for _, publisher := range []string{"engine", "direct"} {
		t.Run(publisher, func(t *testing.T) {
			t.Parallel()
			f, proxy := harness.ProxiedFleet(t, m.withTokens, 20)
			t.Run("that expire", func(t *testing.T) {
				user := "robot$hasty+" + publisher // As Harbor has them.
				server.Let(user, tokens.Account{Password: soughtPassword, Life: 3 * time.Second})
				slow := registrytest.Delay(time.Second) // So the run takes longer than a token lives.
				proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/agent/manifests/" + f.SHA[:7], Fault: slow})
				builds(t, f, 20, "--publisher", publisher, "--max-workers", "4", "--registry-username", user, "--registry-password", secret(t, soughtPassword))
				assert.Positive(t, renewals(proxy, "/agent/"))
				for _, asked := range server.Requests(user) {
					assert.Less(t, len(asked.Query), 1000, "no question for a token grows with the run: %s", asked.Query)
				}
			})
			refuses(t, f, proxy, publisher, map[string]refusal{
				"for a wrong password":              {"me", "wrong", []string{f.Prefix + "/builder as me", "401 Unauthorized"}},
				"for no password":                   {"", "", []string{"401 Unauthorized", "docker login"}},
				"that are for pulling only":         {"reader", soughtPassword, []string{f.Prefix + "/builder as reader", "401 Unauthorized"}},
				"that are not for every repository": {"maker of bases", soughtPassword, []string{f.Prefix + "/agent as maker of bases", "401 Unauthorized"}},
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
func (m *authMatrix) testPlainHTTP(t *testing.T) {
	t.Parallel()
	f := harness.NewFleet(t, harness.Task(1))
	f.Registry = m.withPasswords
	login := []string{"--registry-username", "me", "--registry-password", secret(t, soughtPassword)}
	message := f.Call(t, "check", login...).Message(t)
	assert.NotContains(t, message, "the registry lacks")
	assert.Contains(t, message, "HTTP response to HTTPS client")
	message = f.Call(t, "check", append(login, "--plain-http")...).Message(t)
	assert.Contains(t, message, "the registry lacks 1 references of 1 agent images")
	message = f.Call(t, "assemble-all", append(login, "--publish", "--publisher", "direct", "total")...).Message(t)
	assert.Contains(t, message, "the registry speaks plain HTTP")
	assert.Contains(t, message, "see --plain-http")
}

// builds: so many images of the fleet are built with these flags.
func builds(t *testing.T, f harness.Fleet, size int, flags ...string) {
	t.Helper()
	agents := harness.Records(t, f.Run(t, append(flags, "--limit", strconv.Itoa(size))...), "manifest.jsonl")
	require.Len(t, agents, size)
	for _, agent := range agents {
		require.Equal(t, "built", agent.Status, agent.Error)
	}
	assert.Len(t, f.Agents(t), size)
}

// mostRequests of a call that is refused, however many images it is about: three for each
// repository that may be pushed to.
const mostRequests = 9

// refuses: nothing is built, the registry is asked a few times, and one line says so.
func refuses(t *testing.T, f harness.Fleet, proxy *registrytest.Proxy, publisher string, refused map[string]refusal) {
	f.SDK = harness.FailingSDK(t)
	f.SHA = "f" + f.SHA[1:] // Another one, of which the registry has nothing.
	for name, one := range refused {
		t.Run(name, func(t *testing.T) {
			proxy.Script()
			message := messageFor(t, f, publisher, one.user, one.password)
			for _, part := range one.says {
				assert.Contains(t, message, part)
			}
			assert.NotContains(t, message, harness.BuilderMark, "nothing is built")
			assert.NotContains(t, message, soughtPassword)
			harness.AssertOneLine(t, message)
			assert.LessOrEqual(t, len(proxy.Requests()), mostRequests)
		})
	}
}

// messageFor is what a call with these credentials ends with.
func messageFor(t *testing.T, f harness.Fleet, publisher, user, password string) string {
	t.Helper()
	flags := []string{"--publish", "--publisher", publisher}
	if user != "" {
		flags = append(flags, "--registry-username", user, "--registry-password", secret(t, password))
	}
	return f.Call(t, "assemble-all", append(flags, "total")...).Message(t)
}

// secret is a file with a value, as a flag takes it.
func secret(t *testing.T, value string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(value), 0o600))
	return "file:" + path
}
