package auth

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestARegistryThatRefusesMounts: what cannot be mounted is uploaded. The engine does so itself
// after 202 and 401 only, so for other refusals the builder and the base images are there already.
func TestARegistryThatRefusesMounts(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]registrytest.Fault{
		"with 401": registrytest.Answer(http.StatusUnauthorized, `{"errors":[{"code":"UNAUTHORIZED"}]}`),
		"with 202": registrytest.NoMount(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, proxy := harness.FaultyFleet(t, 3)
			proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(refuse)})
			f.Makes(t, "built", "direct")
			f.AssertIntegrity(t)
		})
	}
	t.Run("with 403, for agent images", func(t *testing.T) {
		t.Parallel()
		f, proxy := harness.FleetWithoutAgents(t, "direct")
		proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"DENIED"}]}`))})
		f.Makes(t, "built", "direct")
		for _, id := range f.IDs {
			_, err := harness.Complete(harness.Reference(t, f.Agent(id)))
			require.NoError(t, err)
		}
	})
}

// TestTagsThatAreImmutable: the registry puts each tag once, not even the same image again, and the
// first answer is lost.
func TestTagsThatAreImmutable(t *testing.T) {
	const invalid = `{"errors":[{"code":"TAG_INVALID","message":"The image tag already exists in the repository and cannot be overwritten because the repository is immutable."}]}`
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		f, proxy := harness.FaultyFleet(t, 2)
		immutable := registrytest.Rule{Method: http.MethodPut, Path: "/manifests/[^:]+$", Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
			if registrytest.Has(registry, r) {
				registrytest.Answer(http.StatusBadRequest, invalid)(w, r, nil)
				return
			}
			registry.ServeHTTP(w, r)
		}}
		proxy.Script(
			registrytest.Rule{Method: http.MethodPut, Path: harness.ManifestOf(harness.Task(1)), Times: 1, Fault: registrytest.Lost()},
			registrytest.Rule{Method: http.MethodPut, Path: "/base/manifests/.*" + harness.Task(2), Times: 1, Fault: registrytest.Lost()},
			immutable,
		)
		f.Makes(t, "built", publisher)

		other := harness.OfficialImage(t, "what has the tag")
		harness.Push(t, f.Agent(harness.Task(2)), other)
		digest, err := other.Digest()
		require.NoError(t, err)
		proxy.Script(immutable)
		message := f.Call(t, "assemble-all", "--publish", "--force-build", "--publisher", publisher, "total").Message(t)
		assert.Contains(t, message, "the tag "+f.Agent(harness.Task(2))+" is immutable: it names "+digest.String())
		assert.Contains(t, message, "does not replace tags")
		assert.NotContains(t, message, harness.Task(1)+":", "the same image is there")
	})
}
