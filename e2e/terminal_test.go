package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestTheTerminalShowsUnitsOfWork: each image by its name, and not the dozens of calls of the
// engine's API that it takes to make one. They buried the errors, and to note them cost the engine
// more than to do them.
func TestTheTerminalShowsUnitsOfWork(t *testing.T) {
	t.Parallel()
	f, proxy := fleetWithoutAgents(t, "engine")
	refused := f.all[6]
	proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: manifestOf(refused), Fault: registrytest.Answer(http.StatusBadRequest, "")})

	c := callModule(t, f.flags("assemble-all", "--publish", "--publisher", "engine", "total")...)

	assert.NotZero(t, c.exit)
	for _, id := range f.all {
		assert.Contains(t, c.stderr, "assemble "+id)
	}
	assert.Contains(t, c.stderr, "assemble "+refused+": publishing "+f.agent(refused), "what failed, and at what")
	assert.NotContains(t, c.stderr, "withLabel", "a call of the engine's API")
	// The CLI shows some 250 lines of what it does itself.
	assert.Less(t, strings.Count(c.stderr, "\n"), 350+10*len(f.all))
}
