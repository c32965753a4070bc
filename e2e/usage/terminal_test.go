package usage

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestTheTerminalShowsUnitsOfWork: each image by its name, and not the dozens of calls of the
// engine's API that it takes to make one. They buried the errors, and to note them cost the engine
// more than to do them.
func TestTheTerminalShowsUnitsOfWork(t *testing.T) {
	t.Parallel()
	f, proxy := harness.FleetWithoutAgents(t, "engine")
	refused := f.IDs[6]
	proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: harness.ManifestOf(refused), Fault: registrytest.Answer(http.StatusBadRequest, "")})

	c := harness.CallModule(t, f.Flags("assemble-all", "--publish", "--publisher", "engine", "total")...)

	assert.NotZero(t, c.Exit)
	for _, id := range f.IDs {
		assert.Contains(t, c.Stderr, "assemble "+id)
	}
	assert.Contains(t, c.Stderr, "assemble "+refused+": publishing "+f.Agent(refused), "what failed, and at what")
	assert.NotContains(t, c.Stderr, "withLabel", "a call of the engine's API")
	// The CLI shows some 250 lines of what it does itself.
	assert.Less(t, strings.Count(c.Stderr, "\n"), 350+10*len(f.IDs))
}
