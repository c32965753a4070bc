package auth

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestARepositoryThatIsMissing: ECR has it or does not, and a push does not create it. By a
// stand-in; never run against ECR.
func TestARepositoryThatIsMissing(t *testing.T) {
	t.Parallel()
	const words = "The repository with name 'base' does not exist in the registry with id '123456789012'"
	missing := registrytest.Answer(http.StatusNotFound, `{"errors":[{"code":"NAME_UNKNOWN","message":"`+words+`"}]}`)
	const uploads, workers, size = "/base/blobs/uploads/", 2, 8
	for _, publisher := range []string{"auto", "direct"} {
		t.Run("is one error before anything is built, by "+publisher, func(t *testing.T) {
			t.Parallel()
			f, proxy := harness.FaultyFleet(t, size)
			f.SDK = harness.FailingSDK(t)
			proxy.Script(registrytest.Rule{Method: http.MethodPost, Path: uploads, Fault: missing})
			message := f.Call(t, "assemble-all", "--publish", "--publisher", publisher, "total").Message(t)
			assert.Contains(t, message, "publishing to "+f.Registry+"/"+f.Prefix+"/base: ")
			assert.Contains(t, message, words)
			assert.Contains(t, message, "Create the repository or project first")
			assert.NotContains(t, message, harness.BuilderMark)
			harness.AssertOneLine(t, message)
			assert.Equal(t, 1, proxy.Count(http.MethodPost, uploads))
		})
	}
	t.Run("ends the run with the first push, where only the engine has credentials", func(t *testing.T) {
		t.Parallel()
		f, proxy := harness.FaultyFleet(t, size)
		proxy.Script(registrytest.Rule{Path: uploads, Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
			if strings.Contains(r.UserAgent(), "go-containerregistry") {
				harness.OnlyTheEngine(w, r, registry)
				return
			}
			missing(w, r, registry)
		}})
		dir := f.Run(t, "--publisher", "engine", "--max-workers", "2", "--max-attempts", "2")
		agents := harness.Records(t, dir, "manifest.jsonl")
		require.Len(t, agents, size)
		for _, agent := range agents {
			assert.Contains(t, *agent.Error, "404 Not Found")
			assert.Contains(t, *agent.Error, "Create the repository or project first")
		}
		built := 0
		for _, base := range harness.Records(t, dir, "base-manifest.jsonl") {
			assert.LessOrEqual(t, base.AttemptCount, 1)
			built += base.AttemptCount
		}
		assert.LessOrEqual(t, built, workers, "one for each worker, and none again")
	})
}
