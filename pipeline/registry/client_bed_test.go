package registry

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
)

var ctx = context.Background()

// connect is a client of the registry; what it asked for to become that is not counted.
func connect(t *testing.T, b registrytest.Bed, access Access) *Client {
	t.Helper()
	client, err := access.Connect(ctx, b.Reference("base"), b.Reference("agent"), b.Reference("builder"))
	require.NoError(t, err)
	b.Proxy.Script()
	return client
}

// addition is what agent images get, with a layer that is in the repository "builder".
func addition(t *testing.T, b registrytest.Bed, client *Client) oci.Addition {
	t.Helper()
	b.Push(t, "builder:layer", registrytest.Layered(t, types.OCIManifestSchema1, "agent"))
	carrier, err := client.Image(ctx, b.Reference("builder:layer"))
	require.NoError(t, err)
	layer, err := carrier.OnlyLayer()
	require.NoError(t, err)
	return oci.Addition{
		Layer: layer, Env: map[string]string{"SDK": "new", "D": "4", "C": "3", "B": "2", "A": "1"}, Entrypoint: []string{"/agent", "serve"},
		Labels: map[string]string{"base": "b", "sdk": "s"},
	}
}

// composedOn is the agent image of a base image that has a layer like all others and one of its
// own.
func composedOn(t *testing.T, b registrytest.Bed, client *Client, id string, add oci.Addition) *oci.Composed {
	t.Helper()
	b.Push(t, "base:"+id, registrytest.Layered(t, types.OCIManifestSchema1, "common", id))
	base, err := client.Image(ctx, b.Reference("base:"+id))
	require.NoError(t, err)
	composed, err := oci.Compose(base, add)
	require.NoError(t, err)
	return composed
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
