package usage

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestTheTerminalShowsWhatFails, and lines of progress, but neither the images that are made nor the
// dozens of calls of the engine's API that it takes to make one. They buried the errors, and to note
// them cost the engine more than to do them.
func TestTheTerminalShowsWhatFails(t *testing.T) {
	t.Parallel()
	f, proxy := harness.FleetWithoutAgents(t, "engine")
	refused := f.IDs[6]
	proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: harness.ManifestOf(refused), Fault: registrytest.Answer(http.StatusBadRequest, "")})

	c := harness.CallModule(t, f.Flags("assemble-all", "--publish", "--publisher", "engine", "total")...)

	assert.NotZero(t, c.Exit)
	for _, id := range f.IDs {
		if id != refused {
			assert.NotContains(t, c.Stderr, "assemble "+id)
		}
		assert.NotContains(t, c.Stderr, "base "+id, "it is there")
	}
	assert.Contains(t, c.Stderr, "the registry has 0 of 10 agent images · 10 to make")
	assert.Contains(t, c.Stderr, "made 9 of 10 agent images (1 failed)")
	assert.Contains(t, c.Stderr, "assemble "+refused+": publishing "+f.Agent(refused), "what failed, and at what")
	assert.NotContains(t, c.Stderr, "withLabel", "a call of the engine's API")
	// The CLI shows some 250 lines of what it does itself.
	assert.Less(t, strings.Count(c.Stderr, "\n"), 350)
}
