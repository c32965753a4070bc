package registry

import (
	"context"
	"hash/fnv"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

var ctx = context.Background()

// testbed is a registry in memory, behind a proxy that the test scripts.
type testbed struct {
	host  string // as the client reaches it
	open  string // where it takes everybody
	proxy *registrytest.Proxy
}

func newTestbed(t *testing.T) testbed {
	t.Helper()
	return newTestbedOf(t, registrytest.Memory())
}

func newTestbedOf(t *testing.T, registry http.Handler) testbed {
	t.Helper()
	proxy := registrytest.New(registry)
	server := httptest.NewServer(proxy)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	host := strings.TrimPrefix(server.URL, "http://")
	return testbed{host: host, open: host, proxy: proxy}
}

func (b testbed) reference(rest string) string { return b.host + "/" + rest }

// connect is a client of the registry; what it asked for to become that is not counted.
func (b testbed) connect(t *testing.T, access Access) *Client {
	t.Helper()
	client, err := access.Connect(ctx, b.reference("base"), b.reference("agent"), b.reference("builder"))
	require.NoError(t, err)
	b.proxy.Script()
	return client
}

// push puts an image in the registry.
func (b testbed) push(t *testing.T, rest string, img v1.Image) v1.Image {
	t.Helper()
	ref, err := name.ParseReference(b.open + "/" + rest)
	require.NoError(t, err)
	require.NoError(t, remote.Write(ref, img))
	return img
}

// pull gets an image from the registry.
func (b testbed) pull(t *testing.T, rest string) v1.Image {
	t.Helper()
	ref, err := name.ParseReference(b.open + "/" + rest)
	require.NoError(t, err)
	img, err := remote.Image(ref)
	require.NoError(t, err)
	return img
}

// addition is what agent images get, with a layer that is in the repository "builder".
func (b testbed) addition(t *testing.T, client *Client) Addition {
	t.Helper()
	b.push(t, "builder:layer", layered(t, types.OCIManifestSchema1, "agent"))
	carrier, err := client.Image(ctx, b.reference("builder:layer"))
	require.NoError(t, err)
	layer, err := carrier.OnlyLayer()
	require.NoError(t, err)
	return Addition{
		Layer: layer, Env: map[string]string{"SDK": "new", "D": "4", "C": "3", "B": "2", "A": "1"}, Entrypoint: []string{"/agent", "serve"},
		Labels: map[string]string{"base": "b", "sdk": "s"},
	}
}

// composed is the agent image of a base image that has a layer like all others and one of its own.
func (b testbed) composed(t *testing.T, client *Client, id string, add Addition) *Composed {
	t.Helper()
	b.push(t, "base:"+id, layered(t, types.OCIManifestSchema1, "common", id))
	base, err := client.Image(ctx, b.reference("base:"+id))
	require.NoError(t, err)
	composed, err := Compose(base, add)
	require.NoError(t, err)
	return composed
}

// layered is an image with a small layer for each name, the same for the same name, and a config that knows them.
func layered(t *testing.T, media types.MediaType, names ...string) v1.Image {
	t.Helper()
	layerMedia, configMedia := types.OCILayer, types.OCIConfigJSON
	if media == types.DockerManifestSchema2 {
		layerMedia, configMedia = types.DockerLayer, types.DockerConfigJSON
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, media), configMedia)
	for _, name := range names {
		var err error
		img, err = mutate.Append(img, mutate.Addendum{Layer: layer(t, name, layerMedia), MediaType: layerMedia, History: v1.History{CreatedBy: "layer " + name}})
		require.NoError(t, err)
	}
	config, err := img.ConfigFile()
	require.NoError(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	config.Config = v1.Config{
		User: "nobody", WorkingDir: "/testbed", Env: []string{"PATH=/bin", "SDK_HOME=/sdk", "SDK=old"},
		Entrypoint: []string{"/entry"}, Cmd: []string{"bash"}, Labels: map[string]string{"base": "old", "kept": "yes"},
	}
	img, err = mutate.ConfigFile(img, config)
	require.NoError(t, err)
	return img
}

// layer is a small layer, the same for the same name.
func layer(t *testing.T, name string, media types.MediaType) v1.Layer {
	t.Helper()
	hash := fnv.New64a()
	hash.Write([]byte(name)) // A hash never fails to write.
	layer, err := random.Layer(64, media, random.WithSource(rand.NewSource(int64(hash.Sum64()))))
	require.NoError(t, err)
	return layer
}

func digestOfImage(t *testing.T, img v1.Image) string {
	t.Helper()
	digest, err := img.Digest()
	require.NoError(t, err)
	return digest.String()
}

// watched is a context that tells when somebody waits under it.
type watched struct {
	context.Context
	seen chan struct{}
	once *sync.Once
}

func watch(ctx context.Context) watched { return watched{ctx, make(chan struct{}), new(sync.Once)} }

// Done is what those ask for who wait.
func (w watched) Done() <-chan struct{} {
	w.once.Do(func() { close(w.seen) })
	return w.Context.Done()
}
