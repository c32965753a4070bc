package publish

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/pipeline/run"
	"dagger/eval-images/pipeline/throttle"
)

// TestAFleetWhoseRegistryRefusesMounts: the client copies what the registry does not mount, each
// layer once. No image fails, the run goes on, and the client soon stops asking for mounts.
func TestAFleetWhoseRegistryRefusesMounts(t *testing.T) {
	for name, refuse := range registrytest.RefusedMount {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			f.direct(t, registry.Access{})
			f.withAllBases(t)
			f.runner.Hosts.Retry.Attempts = throttle.DefaultRetry.Attempts
			var mounts atomic.Int32
			result := f.run(t, registrytest.Rule{Fault: registrytest.Mounts(func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
				mounts.Add(1)
				refuse(w, r, registry)
			})})
			f.built(t, result)
			f.holds(t, result)
			most := 3 * run.DefaultMaxWorkers
			if strings.HasPrefix(name, "5") || strings.HasSuffix(name, "always") { // A request is sent again where the registry is unavailable.
				most *= throttle.DefaultRetry.RequestAttempts
			}
			assert.LessOrEqual(t, int(mounts.Load()), most, "only what the workers had begun by then")
			read := map[string]int{}
			for _, request := range f.Proxy.Requests() {
				if request.Method == http.MethodGet && strings.Contains(request.Path, "/blobs/") {
					read[request.Path]++
				}
			}
			for path, n := range read {
				assert.Equal(t, 1, n, path)
			}
		})
	}
}
