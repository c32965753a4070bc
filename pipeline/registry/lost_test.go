package registry

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestABlobThatTheRegistryLost: the client remembers to have put it, and the registry has it no
// more.
func TestABlobThatTheRegistryLost(t *testing.T) {
	open := func(t *testing.T, images int) (http.Handler, registrytest.Bed, *Client, []*oci.Composed) {
		registry := registrytest.Memory()
		b := registrytest.NewBedOf(t, registry)
		client := connect(t, b, Access{})
		add := addition(t, b, client)
		var all []*oci.Composed
		for i := range images {
			all = append(all, composedOn(t, b, client, fmt.Sprintf("i-%03d", i), add))
		}
		require.NoError(t, client.Put(ctx, all[0], b.Reference("agent:"+fmt.Sprintf("i-%03d", 0))))
		b.Proxy.Script()
		return registry, b, client, all
	}
	again := func(tag string) []string {
		return []string{
			"POST mount", "POST upload", "PUT upload", "PUT manifest " + tag, // refused
			"POST mount", "POST mount", "POST mount", "POST upload", "PUT upload", "PUT manifest " + tag,
		}
	}
	t.Run("is put again, with all of the image that meets it, and the next image meets it no more", func(t *testing.T) {
		registry, b, client, images := open(t, 3)
		registrytest.Lose(registry, "agent", images[0].Layers[0].Descriptor.Digest.String())
		require.NoError(t, client.Put(ctx, images[1], b.Reference("agent:one")))
		assert.Equal(t, again("one"), puts(b.Proxy))

		b.Proxy.Script()
		require.NoError(t, client.Put(ctx, images[2], b.Reference("agent:two")))
		assert.Len(t, puts(b.Proxy), 4, "its own layer, its config and its manifest")
	})
	t.Run("is put once for all that meet it at a time", func(t *testing.T) {
		const workers = 12
		registry, b, client, images := open(t, workers+1)
		lost := images[0].Layers[0].Descriptor.Digest.String()
		registrytest.Lose(registry, "agent", lost)
		refused, all := make(chan struct{}, workers), make(chan struct{})
		b.Proxy.Script(registrytest.Rule{
			Method: http.MethodPut, Path: "/manifests/", Times: workers,
			Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
				refused <- struct{}{}
				if len(refused) == workers {
					close(all)
				}
				<-all
				registry.ServeHTTP(w, r)
			},
		})
		done := make(chan error, workers)
		for i, image := range images[1:] {
			go func() { done <- client.Put(ctx, image, b.Reference("agent:"+fmt.Sprintf("i-%03d", i+1))) }()
		}
		for range workers {
			require.NoError(t, <-done)
		}
		mounts := map[string]int{}
		for _, request := range b.Proxy.Requests() {
			if digest, _, ok := strings.Cut(strings.TrimPrefix(request.Query, "from=base&mount="), "&"); ok || digest != request.Query {
				mounts[strings.ReplaceAll(digest, "%3A", ":")]++
			}
		}
		assert.Equal(t, 1, mounts[lost])
		assert.LessOrEqual(t, len(b.Proxy.Requests()), workers*10)
	})
	t.Run("and that only another tag needs is put again too", func(t *testing.T) {
		registry, b, client, images := open(t, 1)
		registrytest.Lose(registry, "agent", images[0].Manifest.Config.Digest.String())
		require.NoError(t, client.Put(ctx, images[0], b.Reference("agent:further")))
		assert.Equal(t, []string{
			"PUT manifest further", // refused
			"POST mount", "POST mount", "POST mount", "POST upload", "PUT upload", "PUT manifest further",
		}, puts(b.Proxy))
	})
	t.Run("for good fails after one more round, in the registry's own words", func(t *testing.T) {
		_, b, client, images := open(t, 2)
		unknown := registrytest.Answer(http.StatusBadRequest, `{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]}`)
		b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/", Fault: unknown})
		require.ErrorContains(t, client.Put(ctx, images[1], b.Reference("agent:one")), "putting the manifest: PUT /v2/agent/manifests/one: "+
			"400 Bad Request: MANIFEST_BLOB_UNKNOWN blob unknown to registry")
		assert.Len(t, puts(b.Proxy), 4+6)
	})
	t.Run("of an image that was put as a whole just now is not tried again", func(t *testing.T) {
		b := registrytest.NewBed(t)
		client := connect(t, b, Access{})
		image := composedOn(t, b, client, "one", addition(t, b, client))
		unknown := registrytest.Answer(http.StatusBadRequest, `{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}`)
		b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/", Times: 1, Fault: unknown})
		require.ErrorContains(t, client.Put(ctx, image, b.Reference("agent:one")), "MANIFEST_BLOB_UNKNOWN")
		assert.Len(t, puts(b.Proxy), 6)

		b.Proxy.Script()
		require.NoError(t, client.Put(ctx, image, b.Reference("agent:one")))
		assert.Len(t, puts(b.Proxy), 6, "but put as a whole by the next attempt")
	})
	t.Run("is no matter of another refusal of the manifest", func(t *testing.T) {
		_, b, client, images := open(t, 2)
		invalid := registrytest.Answer(http.StatusBadRequest, `{"errors":[{"code":"MANIFEST_INVALID"}]}`)
		b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/", Times: 1, Fault: invalid})
		require.ErrorContains(t, client.Put(ctx, images[1], b.Reference("agent:one")), "MANIFEST_INVALID")
		assert.Equal(t, []string{"POST mount", "POST upload", "PUT upload", "PUT manifest one", "GET manifest one"}, puts(b.Proxy))
	})
}
