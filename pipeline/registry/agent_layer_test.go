package registry

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/pipeline"
)

// TestAnAgentLayerThatIsThereIsUsed: a later run, with a client of its own, does not have it published again.
func TestAnAgentLayerThatIsThereIsUsed(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.withAllBases(t)
	f.direct(t, Access{})
	f.built(t, f.run(t))
	for i := range f.plan.Items {
		f.plan.Items[i].Agent = strings.Replace(f.plan.Items[i].Agent, "agent:", "agent:second-", 1)
	}
	f.direct(t, Access{})
	result := f.run(t)
	assert.Equal(t, fleetSize, result.Count(pipeline.StatusBuilt))
	assert.Zero(t, f.proxy.Count(http.MethodPut, "/builder/"))
}
