package registry

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestABlobThatTheRegistryLost: the client remembers to have put it, and the registry has it no more.
func TestABlobThatTheRegistryLost(t *testing.T) {
	open := func(t *testing.T, images int) (http.Handler, testbed, *Client, []*Composed) {
		registry := registrytest.Memory()
		b := newTestbedOf(t, registry)
		client := b.connect(t, Access{})
		add := b.addition(t, client)
		var all []*Composed
		for i := range images {
			all = append(all, b.composed(t, client, instance(i), add))
		}
		require.NoError(t, client.Put(ctx, all[0], b.reference("agent:"+instance(0))))
		b.proxy.Script()
		return registry, b, client, all
	}
	again := func(image *Composed, tag string) []string {
		return []string{
			"POST mount", "POST upload", "PUT upload", "PUT manifest " + image.Digest(), // refused
			"POST mount", "POST mount", "POST mount", "POST upload", "PUT upload", "PUT manifest " + image.Digest(), "PUT manifest " + tag,
		}
	}
	t.Run("is put again, with all of the image that meets it, and the next image meets it no more", func(t *testing.T) {
		registry, b, client, images := open(t, 3)
		registrytest.Lose(registry, "agent", images[0].layers[0].descriptor.Digest.String())
		require.NoError(t, client.Put(ctx, images[1], b.reference("agent:one")))
		assert.Equal(t, again(images[1], "one"), puts(b.proxy))

		b.proxy.Script()
		require.NoError(t, client.Put(ctx, images[2], b.reference("agent:two")))
		assert.Len(t, puts(b.proxy), 5, "its own layer, its config, its manifest and its tag")
	})
	t.Run("is put once for all that meet it at a time", func(t *testing.T) {
		const workers = 12
		registry, b, client, images := open(t, workers+1)
		lost := images[0].layers[0].descriptor.Digest.String()
		registrytest.Lose(registry, "agent", lost)
		refused, all := make(chan struct{}, workers), make(chan struct{})
		b.proxy.Script(registrytest.Rule{
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
			go func() { done <- client.Put(ctx, image, b.reference("agent:"+instance(i+1))) }()
		}
		for range workers {
			require.NoError(t, <-done)
		}
		mounts := map[string]int{}
		for _, request := range b.proxy.Requests() {
			if digest, _, ok := strings.Cut(strings.TrimPrefix(request.Query, "from=base&mount="), "&"); ok || digest != request.Query {
				mounts[strings.ReplaceAll(digest, "%3A", ":")]++
			}
		}
		assert.Equal(t, 1, mounts[lost])
		assert.LessOrEqual(t, len(b.proxy.Requests()), workers*11)
	})
	t.Run("under its tag only is put again too", func(t *testing.T) {
		registry, b, client, images := open(t, 1)
		registrytest.Lose(registry, "agent", images[0].configDigest.String())
		require.NoError(t, client.Put(ctx, images[0], b.reference("agent:further")))
		assert.Equal(t, []string{
			"PUT manifest further", "GET manifest further", // refused, and not there all the same
			"POST mount", "POST mount", "POST mount", "POST upload", "PUT upload", "PUT manifest " + images[0].Digest(), "PUT manifest further",
		}, puts(b.proxy))
	})
	t.Run("for good fails after one more round, in the registry's own words", func(t *testing.T) {
		_, b, client, images := open(t, 2)
		unknown := registrytest.Answer(http.StatusBadRequest, `{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]}`)
		b.proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/", Fault: unknown})
		require.ErrorContains(t, client.Put(ctx, images[1], b.reference("agent:one")), "putting the manifest: PUT /v2/agent/manifests/"+
			images[1].Digest()+": 400 Bad Request: MANIFEST_BLOB_UNKNOWN blob unknown to registry")
		assert.Len(t, puts(b.proxy), 4+6)
	})
	t.Run("of an image that was put as a whole just now is not tried again", func(t *testing.T) {
		b := newTestbed(t)
		client := b.connect(t, Access{})
		image := b.composed(t, client, "one", b.addition(t, client))
		unknown := registrytest.Answer(http.StatusBadRequest, `{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}`)
		b.proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/", Times: 1, Fault: unknown})
		require.ErrorContains(t, client.Put(ctx, image, b.reference("agent:one")), "MANIFEST_BLOB_UNKNOWN")
		assert.Len(t, puts(b.proxy), 6)

		b.proxy.Script()
		require.NoError(t, client.Put(ctx, image, b.reference("agent:one")))
		assert.Len(t, puts(b.proxy), 7, "but put as a whole by the next attempt")
	})
	t.Run("is no matter of another refusal of the manifest", func(t *testing.T) {
		_, b, client, images := open(t, 2)
		invalid := registrytest.Answer(http.StatusBadRequest, `{"errors":[{"code":"MANIFEST_INVALID"}]}`)
		b.proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/", Times: 1, Fault: invalid})
		require.ErrorContains(t, client.Put(ctx, images[1], b.reference("agent:one")), "MANIFEST_INVALID")
		assert.Len(t, puts(b.proxy), 4)
	})
}
