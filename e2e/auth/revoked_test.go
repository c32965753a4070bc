package auth

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/e2e/internal/tokens"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// testRevoked: credentials that are good no more in the middle of a run end it, with one reason for
// all that was not begun.
func (m *authMatrix) testRevoked(t *testing.T) {
	t.Parallel()
	for _, publisher := range []string{"engine", "direct"} {
		t.Run(publisher, func(t *testing.T) {
			t.Parallel()
			const size, workers, before = 20, 4, 6
			f, proxy := harness.ProxiedFleet(t, m.withTokens, size)
			user := "revoked with " + publisher
			m.tokens.Let(user, tokens.Account{Password: soughtPassword})
			var revoke sync.Once
			proxy.Script(registrytest.Rule{
				Method: http.MethodPut, Path: "/agent/manifests/" + f.SHA[:7], Skip: before,
				Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
					revoke.Do(func() {
						m.tokens.Let(user, tokens.Account{Password: "another"})
						proxy.Script(registrytest.Rule{Fault: withoutToken})
					})
					withoutToken(w, r, registry)
				},
			})
			login := func(user string) []string {
				return []string{
					"--publisher", publisher, "--max-workers", "4", "--max-attempts", "3",
					"--registry-username", user, "--registry-password", secret(t, soughtPassword),
				}
			}

			dir := f.Run(t, login(user)...)

			asked := len(proxy.Requests())
			assert.LessOrEqual(t, asked, workers*15, "the rest is not tried: it would be hundreds")
			made := f.Agents(t)
			assert.GreaterOrEqual(t, len(made), before)
			assert.Less(t, len(made), before+workers, "what was under way may get through")
			var left []string
			for _, agent := range harness.Records(t, dir, "manifest.jsonl") {
				if agent.Status == "failed" && strings.Contains(*agent.Error, "not started: the run ended early: ") {
					left = append(left, agent.InstanceID)
				}
			}
			assert.GreaterOrEqual(t, len(left), size-len(made)-2*workers, "the records of the others say that they were not started")
			summary, err := os.ReadFile(filepath.Join(dir, "summary.md"))
			require.NoError(t, err)
			assert.Equal(t, 1, strings.Count(string(summary), "not started"), "a person reads it once")
			assert.Contains(t, string(summary), "401 Unauthorized")
			assert.Contains(t, string(summary), "The registry rejected the credentials")

			proxy.Script()
			again := harness.Records(t, f.Run(t, login("me")...), "manifest.jsonl")
			count := map[string]int{}
			for _, status := range harness.Statuses(again) {
				count[status]++
			}
			assert.Equal(t, map[string]int{"skipped_remote_exists": len(made), "built": size - len(made)}, count)
			assert.Len(t, f.Agents(t), size)
		})
	}
}

// withoutToken has the registry answer as to somebody who shows none.
func withoutToken(w http.ResponseWriter, r *http.Request, registry http.Handler) {
	r.Header.Del("Authorization")
	registry.ServeHTTP(w, r)
}

// testLimits: who asks too often is sometimes told what somebody without rights is told. It is no
// reason to give up, nor to have the engine publish.
func (m *authMatrix) testLimits(t *testing.T) {
	t.Parallel()
	secondary := registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"You have exceeded a secondary rate limit"}]}`)
	tooMany := registrytest.Answer(http.StatusTooManyRequests, `{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 1s"}]}`)
	for _, publisher := range []string{"engine", "direct"} {
		t.Run(publisher, func(t *testing.T) {
			t.Parallel()
			f, proxy := harness.ProxiedFleet(t, m.withPasswords, 1)
			const upload = "/blobs/uploads/"
			proxy.Script(
				registrytest.Rule{Method: http.MethodPost, Path: "/builder" + upload, Times: 1, Fault: secondary},
				registrytest.Rule{Method: http.MethodPost, Path: "/base" + upload, Times: 1, Fault: tooMany},
				registrytest.Rule{Method: http.MethodPost, Path: "/agent" + upload, Times: 2, Fault: secondary},
			)
			builds(t, f, 1, "--publisher", publisher, "--registry-username", "me", "--registry-password", secret(t, soughtPassword))
			limited := 0
			for _, request := range proxy.Requests() {
				if request.Status == http.StatusForbidden || request.Status == http.StatusTooManyRequests {
					limited++
				}
			}
			assert.Equal(t, 4, limited, "each question is asked until it is answered")
		})
	}
}

// testHiddenReasons: the engine shows "403 Forbidden" of a quota that is used up, as of a limit.
// The registry says more when it is asked, and nobody waits.
func (m *authMatrix) testHiddenReasons(t *testing.T) {
	t.Parallel()
	const full = "adding 1.0 GiB of storage resource, which when updated to 10.5 GiB will exceed the configured upper limit of 10.0 GiB."
	quota := registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"`+full+`"}]}`)
	for _, publisher := range []string{"engine", "direct"} {
		t.Run(publisher, func(t *testing.T) {
			t.Parallel()
			const size, workers = 4, 2
			f, proxy := harness.ProxiedFleet(t, m.withPasswords, size)
			// The first one asks whether images may be pushed, and they may: it is the base image
			// that is too large.
			proxy.Script(registrytest.Rule{Method: http.MethodPost, Path: "/base/blobs/uploads/", Skip: 1, Fault: quota})
			dir := f.Run(t, "--publisher", publisher, "--max-workers", strconv.Itoa(workers), "--registry-username", "me", "--registry-password", secret(t, soughtPassword))
			agents := harness.Records(t, dir, "manifest.jsonl")
			require.Len(t, agents, size)
			for _, agent := range agents {
				assert.Equal(t, "failed", agent.Status)
				assert.Contains(t, *agent.Error, full)
			}
			for _, base := range harness.Records(t, dir, "base-manifest.jsonl") {
				assert.LessOrEqual(t, base.AttemptCount, 1, "nothing is built twice")
			}
			assert.Less(t, proxy.Count(http.MethodPost, "/base/blobs/uploads/"), 30, "nor is the registry asked for long")
		})
	}
}
