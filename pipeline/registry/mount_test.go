package registry

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestARefusedMount follows a client request by request.
func TestARefusedMount(t *testing.T) {
	denied := registrytest.Answer(http.StatusForbidden, "")
	open := func(t *testing.T) (registrytest.Bed, *Client, []*oci.Composed) {
		b := registrytest.NewBed(t)
		client := connect(t, b, Access{})
		add := addition(t, b, client)
		var images []*oci.Composed
		for _, id := range []string{"one", "two", "three", "four"} {
			images = append(images, composedOn(t, b, client, id, add))
		}
		return b, client, images
	}
	copied, rest := []string{"HEAD blob", "POST upload", "GET blob", "PUT upload"}, func(tag string) []string {
		return []string{"POST upload", "PUT upload", "PUT manifest " + tag}
	}
	t.Run("is a copy of the layer, and after three the registry is not asked again", func(t *testing.T) {
		b, client, images := open(t)
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(denied)})
		require.NoError(t, client.Put(ctx, images[0], b.Reference("agent:one")))
		var expected []string
		for range 3 {
			expected = append(append(expected, "POST mount"), copied...)
		}
		assert.Equal(t, append(expected, rest("one")...), steps(b.Proxy))

		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(denied)})
		require.NoError(t, client.Put(ctx, images[1], b.Reference("agent:two")))
		assert.Equal(t, append(slices.Clone(copied), rest("two")...), steps(b.Proxy), "only its own layer is copied")
		for i, tag := range []string{"one", "two"} {
			assert.Equal(t, images[i].Digest(), registrytest.DigestOfImage(t, b.Pull(t, "agent:"+tag)))
		}
	})
	t.Run("with 202 is the beginning of the upload", func(t *testing.T) {
		b, client, images := open(t)
		b.Proxy.Script(registrytest.Rule{Times: 1, Fault: registrytest.Mounts(registrytest.NoMount())})
		require.NoError(t, client.Put(ctx, images[0], b.Reference("agent:one")))
		assert.Equal(t, []string{"POST mount", "HEAD blob", "GET blob", "PUT upload", "POST mount"}, steps(b.Proxy)[:5])
	})
	t.Run("is one of the credentials, if a plain upload is refused too, in the registry's words", func(t *testing.T) {
		b, client, images := open(t)
		b.Proxy.Script(
			registrytest.Rule{Method: http.MethodPost, Times: 1, Fault: registrytest.Answer(http.StatusUnauthorized, "")},
			registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"DENIED","message":"read only mode"}]}`)},
		)
		err := client.Put(ctx, images[0], b.Reference("agent:one"))
		require.ErrorContains(t, err, "403 Forbidden: DENIED read only mode")
		assert.Equal(t, []string{"POST mount", "HEAD blob", "POST upload"}, steps(b.Proxy))
	})
	t.Run("is a limit, if it says so", func(t *testing.T) {
		b, client, images := open(t)
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(registrytest.Answer(http.StatusForbidden, `{"errors":[{"code":"TOOMANYREQUESTS"}]}`))})
		err := client.Put(ctx, images[0], b.Reference("agent:one"))
		assert.Equal(t, classify.Limited, classify.Of(err).Class)
	})
	t.Run("costs a question where the layer is already", func(t *testing.T) {
		b, client, images := open(t)
		b.Push(t, "agent:before", registrytest.Layered(t, types.OCIManifestSchema1, "common", "one", "agent"))
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(denied)})
		require.NoError(t, client.Put(ctx, images[0], b.Reference("agent:one")))
		assert.Equal(t, []string{"POST mount", "HEAD blob", "POST mount", "HEAD blob", "POST mount", "HEAD blob"}, steps(b.Proxy)[:6])
	})
	t.Run("of one layer says nothing of others, once any was mounted", func(t *testing.T) {
		b, client, images := open(t)
		require.NoError(t, client.Put(ctx, images[3], b.Reference("agent:four")))
		b.Proxy.Script(registrytest.Rule{Times: 3, Fault: registrytest.Mounts(denied)})
		for i := range 2 {
			require.NoError(t, client.Put(ctx, images[i], b.Reference("agent:x")))
		}
		assert.Contains(t, steps(b.Proxy)[4:], "POST mount")
	})
	t.Run("with 500 costs an image one attempt, from however many repositories its layers are", func(t *testing.T) {
		b, client, images := open(t)
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(registrytest.Answer(http.StatusInternalServerError, ""))})
		require.Error(t, client.Put(ctx, images[0], b.Reference("agent:one")))
		require.NoError(t, client.Put(ctx, images[0], b.Reference("agent:one")))
	})
	t.Run("says nothing of mounts while the registry is unavailable", func(t *testing.T) {
		b, client, images := open(t)
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusBadGateway, "")})
		for range failedMounts + refusedMounts {
			require.Error(t, client.Put(ctx, images[0], b.Reference("agent:one")))
		}
		b.Proxy.Script()
		require.NoError(t, client.Put(ctx, images[0], b.Reference("agent:one")))
		assert.Equal(t, []string{"POST mount", "POST mount", "POST mount"}, steps(b.Proxy)[:3])
	})
	t.Run("that may pass is an attempt of the image's, once any was mounted", func(t *testing.T) {
		b, client, images := open(t)
		require.NoError(t, client.Put(ctx, images[3], b.Reference("agent:four")))
		b.Proxy.Script(registrytest.Rule{Fault: registrytest.Mounts(registrytest.Answer(http.StatusBadGateway, ""))})
		for range 3 {
			err := client.Put(ctx, images[0], b.Reference("agent:one"))
			assert.Equal(t, classify.Unavailable, classify.Of(err).Class)
		}
	})
}

// TestAMountsTokenIsForBothRepositories: the token lets the client read the source and write to the
// target.
func TestAMountsTokenIsForBothRepositories(t *testing.T) {
	r := registrytest.NewTokenRegistry(t)
	client := connect(t, r.Bed, Access{Username: "me", Password: registrytest.Password})
	add := addition(t, r.Bed, client)
	r.Push(t, "official:x", registrytest.Layered(t, types.OCIManifestSchema1, "common", "x"))
	official, err := client.Image(ctx, r.Reference("official:x"))
	require.NoError(t, err)
	composed, err := oci.Compose(official, add)
	require.NoError(t, err)
	require.NoError(t, client.Put(ctx, composed, r.Reference("agent:x")))
	last := strings.Fields(r.Scopes[len(r.Scopes)-1])
	assert.Contains(t, last, "repository:official:pull")
	assert.Contains(t, last, "repository:agent:push,pull")
}
