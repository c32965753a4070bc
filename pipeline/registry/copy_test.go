package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// unmounted is a registry that mounts nothing, and an image on a base with one layer of this size.
func unmounted(t *testing.T, access Access, size int, open func(*testing.T) testbed) (testbed, *Client, *Composed) {
	b := open(t)
	client := b.connect(t, access)
	add := b.addition(t, client)
	img := layered(t, types.OCIManifestSchema1)
	img, err := mutate.AppendLayers(img, static.NewLayer(bytes.Repeat([]byte("layer "), size/6), types.OCILayer))
	require.NoError(t, err)
	b.push(t, "base:x", img)
	base, err := client.Image(ctx, b.reference("base:x"))
	require.NoError(t, err)
	composed, err := Compose(base, add)
	require.NoError(t, err)
	return b, client, composed
}

var noMounts = registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Mounts(registrytest.Answer(http.StatusForbidden, ""))}

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
	const large = 3 * maxAnswer
	t.Run("whatever its size", func(t *testing.T) {
		b, client, composed := unmounted(t, Access{}, large, newTestbed)
		b.proxy.Script(noMounts)
		require.NoError(t, client.Put(ctx, composed, b.reference("agent:x")))
		isThere(t, b.pull(t, "agent:x"))
	})
	t.Run("from where the registry keeps it, which gets no credentials", func(t *testing.T) {
		b, client, composed := unmounted(t, Access{Username: "me", Password: "secret"}, large, newTestbed)
		storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			assert.Empty(t, r.Header.Get("Authorization"))
			io.Copy(w, bytes.NewReader(bytes.Repeat([]byte("layer "), large/6)))
		}))
		defer storage.Close()
		of := "/base/blobs/" + composed.layers[0].descriptor.Digest.String()
		b.proxy.Script(noMounts, registrytest.Rule{Method: http.MethodGet, Path: of, Fault: registrytest.Answer(http.StatusTemporaryRedirect, "", "Location", storage.URL+"/blob?signature=x")})
		require.NoError(t, client.Put(ctx, composed, b.reference("agent:x")))
		isThere(t, b.pull(t, "agent:x"))
	})
	t.Run("with a new token, if the old one expires before the upload", func(t *testing.T) {
		var r *tokenRegistry
		b, client, composed := unmounted(t, Access{Username: "me", Password: password}, 6000, func(t *testing.T) testbed {
			r = newTokenRegistry(t)
			return r.testbed
		})
		b.proxy.Script(noMounts)
		r.expireAt("/agent/blobs/uploads/.+")
		require.NoError(t, client.Put(ctx, composed, b.reference("agent:x")))
		isThere(t, b.pull(t, "agent:x"))
	})
	for name, fault := range map[string]registrytest.Rule{
		"as it is read":              {Method: http.MethodGet, Path: "/base/blobs/", Times: 1, Fault: registrytest.Torn()},
		"as its reading begins":      {Method: http.MethodGet, Path: "/base/blobs/", Times: 1, Fault: registrytest.Answer(http.StatusBadGateway, "")},
		"as it is sent":              {Method: http.MethodPut, Path: "/agent/blobs/uploads/", Times: 1, Fault: registrytest.Cut(1000)},
		"as the registry stores it":  {Method: http.MethodPut, Path: "/agent/blobs/uploads/", Times: 1, Fault: registrytest.Answer(http.StatusInternalServerError, "")},
		"and the answer may be lost": {Method: http.MethodPut, Path: "/agent/blobs/uploads/", Times: 1, Fault: registrytest.Lost()},
	} {
		t.Run("again, if that fails "+name, func(t *testing.T) {
			b, client, composed := unmounted(t, Access{}, large, newTestbed)
			b.proxy.Script(fault, noMounts)
			err := client.Put(ctx, composed, b.reference("agent:x"))
			require.ErrorContains(t, err, "mounting the layer ")
			assert.Contains(t, []pipeline.Kind{pipeline.KindTransient, pipeline.KindUnavailable}, pipeline.CauseOf(err).Kind, err)
			require.NoError(t, client.Put(ctx, composed, b.reference("agent:x")))
			isThere(t, b.pull(t, "agent:x"))
		})
	}
	t.Run("and a registry that stalls is not waited for", func(t *testing.T) {
		b, client, composed := unmounted(t, Access{AnswerTime: 600 * time.Millisecond}, large, newTestbed)
		b.proxy.Script(registrytest.Rule{Method: http.MethodPut, Fault: registrytest.Stall(time.Minute)}, noMounts)
		err := client.Put(ctx, composed, b.reference("agent:x"))
		require.ErrorContains(t, err, "no answer within 3s")
		assert.Equal(t, pipeline.KindUnavailable, pipeline.CauseOf(err).Kind)
	})
	t.Run("until told to stop", func(t *testing.T) {
		b, client, composed := unmounted(t, Access{}, large, newTestbed)
		stopped, stop := context.WithCancel(ctx)
		b.proxy.Script(registrytest.Rule{Method: http.MethodPut, Fault: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			stop()
			registrytest.Stall(time.Minute)(w, r, nil)
		}}, noMounts)
		require.ErrorIs(t, client.Put(stopped, composed, b.reference("agent:x")), context.Canceled)
	})
}

// TestAFleetWhoseCopiesBreak: a copy that is tried again is another upload.
func TestAFleetWhoseCopiesBreak(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.withAllBases(t)
	f.direct(t, Access{})
	result := f.run(t, noMounts, nth(0, http.MethodPut, "/agent/blobs/uploads/", registrytest.Cut(10)), nth(1, http.MethodPut, "/agent/blobs/uploads/", registrytest.Page(http.StatusBadGateway)))
	f.built(t, result)
	f.holds(t, result)
	uploads := map[string]int{}
	for _, request := range f.proxy.Requests() {
		if request.Method == http.MethodPut && strings.Contains(request.Path, "/agent/blobs/uploads/") {
			uploads[request.Path]++
		}
	}
	for place, n := range uploads {
		assert.Equal(t, 1, n, place)
	}
}

// mountingEngine is one that gives up where the registry refuses to mount an official image's layer.
type mountingEngine struct {
	Builder
	n int // publications
}

func (m *mountingEngine) Publish(ctx context.Context, image pipeline.Image) (pipeline.Published, error) {
	if m.n++; m.n == 1 {
		return pipeline.Published{}, &pipeline.PushError{Reference: image.Reference, Err: errors.New("failed to push: unexpected status from POST request to " +
			"http://r/v2/base/blobs/uploads/?from=official&mount=sha256%3A0: 403 Forbidden")}
	}
	return pipeline.Published{Digest: "sha256:1"}, nil
}

// TestAnEngineWhoseMountsAreRefused gets the official image's layers from the client.
func TestAnEngineWhoseMountsAreRefused(t *testing.T) {
	for name, push := range map[string]func(*testing.T, testbed, v1.Image) (digest string){
		"of an image": func(t *testing.T, b testbed, img v1.Image) string {
			return digestOfImage(t, b.push(t, "official:x", img))
		},
		"of an index, whose image for the platform it is": func(t *testing.T, b testbed, img v1.Image) string {
			return b.pushIndex(t, "official:x", img)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newTestbed(t)
			client := b.connect(t, Access{})
			official := layered(t, types.OCIManifestSchema1, "one", "two")
			digest := push(t, b, official)
			b.proxy.Script(noMounts)
			engine := new(mountingEngine)
			published, err := (&Publisher{Client: client, Builder: engine, Platform: "linux/amd64"}).Publish(ctx, pipeline.Image{
				Phase: pipeline.PhaseBase, Official: b.reference("official@" + digest), Reference: b.reference("base:x"),
			})
			require.NoError(t, err)
			assert.Equal(t, "sha256:1", published.Digest)
			assert.Equal(t, 2, engine.n)
			layers, err := official.Layers()
			require.NoError(t, err)
			for _, layer := range layers {
				digest, err := layer.Digest()
				require.NoError(t, err)
				has, err := client.has(ctx, "base", Layer{descriptor: v1.Descriptor{Digest: digest}})
				require.NoError(t, err)
				assert.True(t, has)
			}
		})
	}
}

// TestAnEngineWhoseMountsAreRefusedForGood keeps its error where the client has nothing to bring.
func TestAnEngineWhoseMountsAreRefusedForGood(t *testing.T) {
	b := newTestbed(t)
	client := b.connect(t, Access{})
	b.pushIndex(t, "official/index:x", layered(t, types.OCIManifestSchema1, "one"))
	b.pushArtifact(t, "official/artifact:x")
	for name, official := range map[string]string{
		"another registry's image":                   "docker.io/swebench/x:latest",
		"an index without an image for the platform": b.reference("official/index:x"),
		"what is no image":                           b.reference("official/artifact:x"),
		"an image that is gone":                      b.reference("official/gone:x"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := (&Publisher{Client: client, Builder: new(mountingEngine), Platform: "linux/s390x"}).Publish(ctx, pipeline.Image{
				Phase: pipeline.PhaseBase, Official: official, Reference: b.reference("base:x"),
			})
			require.ErrorContains(t, err, "403 Forbidden")
		})
	}
}
