package registry

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/pipeline/registry/transport"
)

// unmounted is a registry that mounts nothing, and an image on a base with one layer of this size.
func unmounted(t *testing.T, access Access, size int, open func(*testing.T) registrytest.Bed) (registrytest.Bed, *Client, *oci.Composed) {
	b := open(t)
	client := connect(t, b, access)
	add := addition(t, b, client)
	img := registrytest.Layered(t, types.OCIManifestSchema1)
	img, err := mutate.AppendLayers(img, static.NewLayer(bytes.Repeat([]byte("layer "), size/6), types.OCILayer))
	require.NoError(t, err)
	b.Push(t, "base:x", img)
	base, err := client.Image(ctx, b.Reference("base:x"))
	require.NoError(t, err)
	composed, err := oci.Compose(base, add)
	require.NoError(t, err)
	return b, client, composed
}

// isThere reads all of an image.
func isThere(t *testing.T, img v1.Image) {
	t.Helper()
	layers, err := img.Layers()
	require.NoError(t, err)
	for _, layer := range layers {
		content, err := layer.Compressed()
		require.NoError(t, err)
		_, err = io.Copy(io.Discard, content)
		require.NoError(t, err)
	}
}

func TestALayerIsCopied(t *testing.T) {
	const large = 3 * transport.MaxAnswer
	t.Run("whatever its size", func(t *testing.T) {
		b, client, composed := unmounted(t, Access{}, large, registrytest.NewBed)
		b.Proxy.Script(registrytest.NoMounts)
		require.NoError(t, client.Put(ctx, composed, b.Reference("agent:x")))
		isThere(t, b.Pull(t, "agent:x"))
	})
	t.Run("from where the registry keeps it, which gets no credentials", func(t *testing.T) {
		b, client, composed := unmounted(t, Access{Username: "me", Password: "secret"}, large, registrytest.NewBed)
		storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			assert.Empty(t, r.Header.Get("Authorization"))
			io.Copy(w, bytes.NewReader(bytes.Repeat([]byte("layer "), large/6)))
		}))
		defer storage.Close()
		of := "/base/blobs/" + composed.Layers[0].Descriptor.Digest.String()
		b.Proxy.Script(registrytest.NoMounts, registrytest.Rule{Method: http.MethodGet, Path: of, Fault: registrytest.Answer(http.StatusTemporaryRedirect, "", "Location", storage.URL+"/blob?signature=x")})
		require.NoError(t, client.Put(ctx, composed, b.Reference("agent:x")))
		isThere(t, b.Pull(t, "agent:x"))
	})
	t.Run("with a new token, if the old one expires before the upload", func(t *testing.T) {
		var r *registrytest.TokenRegistry
		b, client, composed := unmounted(t, Access{Username: "me", Password: registrytest.Password}, 6000, func(t *testing.T) registrytest.Bed {
			r = registrytest.NewTokenRegistry(t)
			return r.Bed
		})
		b.Proxy.Script(registrytest.NoMounts)
		r.ExpireAt("/agent/blobs/uploads/.+")
		require.NoError(t, client.Put(ctx, composed, b.Reference("agent:x")))
		isThere(t, b.Pull(t, "agent:x"))
	})
	for name, fault := range map[string]registrytest.Rule{
		"as it is read":              {Method: http.MethodGet, Path: "/base/blobs/", Times: 1, Fault: registrytest.Torn()},
		"as its reading begins":      {Method: http.MethodGet, Path: "/base/blobs/", Times: 1, Fault: registrytest.Answer(http.StatusBadGateway, "")},
		"as it is sent":              {Method: http.MethodPut, Path: "/agent/blobs/uploads/", Times: 1, Fault: registrytest.Cut(1000)},
		"as the registry stores it":  {Method: http.MethodPut, Path: "/agent/blobs/uploads/", Times: 1, Fault: registrytest.Answer(http.StatusInternalServerError, "")},
		"and the answer may be lost": {Method: http.MethodPut, Path: "/agent/blobs/uploads/", Times: 1, Fault: registrytest.Lost()},
	} {
		t.Run("again, if that fails "+name, func(t *testing.T) {
			b, client, composed := unmounted(t, Access{}, large, registrytest.NewBed)
			b.Proxy.Script(fault, registrytest.NoMounts)
			err := client.Put(ctx, composed, b.Reference("agent:x"))
			require.ErrorContains(t, err, "mounting the layer ")
			assert.Contains(t, []classify.Class{classify.Transient, classify.Unavailable}, classify.Of(err).Class, err)
			require.NoError(t, client.Put(ctx, composed, b.Reference("agent:x")))
			isThere(t, b.Pull(t, "agent:x"))
		})
	}
	t.Run("and a registry that stalls is not waited for", func(t *testing.T) {
		b, client, composed := unmounted(t, Access{AnswerTime: 600 * time.Millisecond}, large, registrytest.NewBed)
		b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Fault: registrytest.Stall(time.Minute)}, registrytest.NoMounts)
		err := client.Put(ctx, composed, b.Reference("agent:x"))
		require.ErrorContains(t, err, "no answer within 3s")
		assert.Equal(t, classify.Unavailable, classify.Of(err).Class)
	})
	t.Run("until told to stop", func(t *testing.T) {
		b, client, composed := unmounted(t, Access{}, large, registrytest.NewBed)
		stopped, stop := context.WithCancel(ctx)
		b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Fault: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			stop()
			registrytest.Stall(time.Minute)(w, r, nil)
		}}, registrytest.NoMounts)
		require.ErrorIs(t, client.Put(stopped, composed, b.Reference("agent:x")), context.Canceled)
	})
}
