package publish

import (
	"context"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
)

var ctx = context.Background()

// connect is a client of the registry; what it asked for to become that is not counted.
func connect(t *testing.T, b registrytest.Bed, access registry.Access) *registry.Client {
	t.Helper()
	client, err := access.Connect(ctx, b.Reference("base"), b.Reference("agent"), b.Reference("builder"))
	require.NoError(t, err)
	b.Proxy.Script()
	return client
}

// addition is what agent images get, with a layer that is in the repository "builder".
func addition(t *testing.T, b registrytest.Bed, client *registry.Client) oci.Addition {
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
