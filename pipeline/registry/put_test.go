package registry

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
)

func TestPut(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	add := addition(t, b, client)
	one, two := composedOn(t, b, client, "one", add), composedOn(t, b, client, "two", add)

	b.Proxy.Script()
	require.NoError(t, client.Put(ctx, one, b.Reference("agent:one")))
	assert.Equal(t, []string{
		"POST mount", "POST mount", "POST mount", "POST upload", "PUT upload", "PUT manifest one",
	}, puts(b.Proxy), "the first image needs all its layers")

	b.Proxy.Script()
	require.NoError(t, client.Put(ctx, two, b.Reference("agent:two")))
	assert.Equal(t, []string{"POST mount", "POST upload", "PUT upload", "PUT manifest two"}, puts(b.Proxy), "the second one only that of its own")

	b.Proxy.Script()
	require.NoError(t, client.Put(ctx, two, b.Reference("other:two")))
	assert.Len(t, puts(b.Proxy), 6, "another repository needs all of them")

	b.Proxy.Script()
	require.NoError(t, client.Put(ctx, two, b.Reference("agent:again")))
	assert.Equal(t, []string{"PUT manifest again"}, puts(b.Proxy), "another tag is one request")

	for tag, composed := range map[string]*oci.Composed{"one": one, "two": two, "again": two} {
		ref, err := name.ParseReference(b.Reference("agent:" + tag))
		require.NoError(t, err)
		img, err := remote.Image(ref)
		require.NoError(t, err)
		all, err := img.Layers()
		require.NoError(t, err)
		assert.Len(t, all, 3)
		for _, layer := range all {
			content, err := layer.Compressed()
			require.NoError(t, err, "whoever pulls it gets all of it")
			_, err = io.Copy(io.Discard, content)
			require.NoError(t, err)
		}
		assert.Equal(t, composed.Digest(), registrytest.DigestOfImage(t, img))
	}
}

func TestPutBesideTheBaseMountsOnlyTheAgentLayer(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	add := addition(t, b, client)
	composed, next := composedOn(t, b, client, "one", add), composedOn(t, b, client, "two", add)
	b.Proxy.Script()
	require.NoError(t, client.Put(ctx, composed, b.Reference("base:agent")))
	assert.Equal(t, []string{"POST mount", "POST upload", "PUT upload", "PUT manifest agent"}, puts(b.Proxy))
	assert.Contains(t, b.Proxy.Requests()[0].Query, "from=builder")

	b.Proxy.Script()
	require.NoError(t, client.Put(ctx, next, b.Reference("base:next")))
	assert.Equal(t, []string{"POST upload", "PUT upload", "PUT manifest next"}, puts(b.Proxy), "and the next image nothing")
}

func TestTheManifestIsPutLast(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	composed := composedOn(t, b, client, "one", addition(t, b, client))
	b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "/manifests/one$", Times: 1, Fault: registrytest.Answer(http.StatusBadGateway, "")})

	require.ErrorContains(t, client.Put(ctx, composed, b.Reference("agent:one")), "putting the manifest: PUT /v2/agent/manifests/one: 502")
	for _, blob := range append(composed.Manifest.Layers, composed.Manifest.Config) {
		has, err := b.Has("agent", blob.Digest)
		require.NoError(t, err)
		assert.True(t, has, "what the manifest names is complete")
	}

	before := len(b.Proxy.Requests())
	require.NoError(t, client.Put(ctx, composed, b.Reference("agent:one")))
	assert.Equal(t, []string{"PUT /v2/agent/manifests/one"}, registrytest.Asked(b.Proxy)[before:], "a retry sends only what is missing")
}

// TestPutStops: what fails leaves no tag, and says at which step.
func TestPutStops(t *testing.T) {
	tests := map[string]struct {
		method, path string
		skip         int
		says         string
	}{
		"at a layer":             {http.MethodPost, "blobs/uploads/$", 1, "mounting the layer sha256:"},
		"as the config is begun": {http.MethodPost, "blobs/uploads/$", 3, "uploading the config: POST"},
		"as the config is sent":  {http.MethodPut, "blobs/uploads/", 0, "uploading the config: PUT"},
		"at the manifest":        {http.MethodPut, "manifests/", 0, "putting the manifest: PUT"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := registrytest.NewBed(t)
			client := connect(t, b, Access{})
			composed := composedOn(t, b, client, "one", addition(t, b, client))
			b.Proxy.Script(registrytest.Rule{
				Method: test.method, Path: test.path, Skip: test.skip, Times: 1, Fault: registrytest.Answer(http.StatusInternalServerError, ""),
			})
			require.ErrorContains(t, client.Put(ctx, composed, b.Reference("agent:one")), test.says)
			_, err := client.Find(ctx, b.Reference("agent:one"))
			require.ErrorIs(t, err, classify.ErrAbsent)
			require.NoError(t, client.Put(ctx, composed, b.Reference("agent:one")), "the next attempt does the rest")
		})
	}
}

func TestAnUploadWithoutAPlaceToGoOn(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	composed := composedOn(t, b, client, "one", addition(t, b, client))
	b.Proxy.Script(registrytest.Rule{Method: http.MethodPost, Skip: 3, Fault: registrytest.Answer(http.StatusAccepted, "")})
	require.ErrorContains(t, client.Put(ctx, composed, b.Reference("agent:one")), "does not say where the upload continues")
}

// TestALayerIsMountedOnce: twelve images need the same layer at the same time. The mount is held
// until all twelve are on their way.
func TestALayerIsMountedOnce(t *testing.T) {
	const workers = 12
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	add := addition(t, b, client)
	var images []*oci.Composed
	for i := range workers {
		images = append(images, composedOn(t, b, client, string(rune('a'+i)), add))
	}
	release := make(chan struct{})
	b.Proxy.Script(registrytest.Rule{Method: http.MethodPost, Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		<-release
		registry.ServeHTTP(w, r)
	}})

	done := make(chan error, workers)
	var under []watched
	for i, image := range images {
		ctx := watch(ctx)
		under = append(under, ctx)
		go func() { done <- client.Put(ctx, image, b.Reference("agent:"+string(rune('a'+i)))) }()
	}
	for _, ctx := range under {
		<-ctx.seen
	}
	close(release)
	for range workers {
		require.NoError(t, <-done)
	}

	mounts := map[string]int{}
	for _, request := range b.Proxy.Requests() {
		if strings.Contains(request.Query, "mount=") {
			mounts[request.Query]++
		}
	}
	assert.Len(t, mounts, workers+2, "one layer of each, one of all bases, and the agent layer")
	for query, n := range mounts {
		assert.Equal(t, 1, n, query)
	}
}

func TestPutWhenToldToStop(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	composed := composedOn(t, b, client, "one", addition(t, b, client))
	stopped, stop := context.WithCancel(ctx)
	b.Proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: "blobs/uploads/", Fault: func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		stop()
		registrytest.Stall(time.Minute)(nil, r, nil)
	}})
	require.ErrorIs(t, client.Put(stopped, composed, b.Reference("agent:one")), context.Canceled)
	assert.Zero(t, b.Proxy.Count(http.MethodPut, "manifests/one"))
}

// puts are the requests of a put by what they do, in the order of their answers: "POST mount", "PUT
// manifest x".
func puts(proxy *registrytest.Proxy) []string {
	var all []string
	for _, request := range proxy.Requests() {
		_, which, isManifest := strings.Cut(request.Path, "/manifests/")
		switch {
		case isManifest:
			all = append(all, request.Method+" manifest "+which)
		case strings.Contains(request.Query, "mount="):
			all = append(all, request.Method+" mount")
		default:
			all = append(all, request.Method+" upload")
		}
	}
	return all
}

// TestAPlaceThatIsNoAddress: it may be long, hold a signature, and move a terminal's cursor.
func TestAPlaceThatIsNoAddress(t *testing.T) {
	at, err := url.Parse("http://r/v2/base/blobs/uploads/")
	require.NoError(t, err)
	for _, place := range []string{"http://r:port\u202e/?signature=secret", ":" + strings.Repeat("x", 1<<20), "http://r/%zz?signature=secret"} {
		_, err = (&answer{header: http.Header{"Location": {place}}, url: at}).location()
		require.ErrorContains(t, err, "the registry names no valid URL at which the upload continues: ")
		assert.NotContains(t, err.Error(), "secret")
		registrytest.RequireLine(t, err.Error(), registrytest.MaxText)
	}
}
