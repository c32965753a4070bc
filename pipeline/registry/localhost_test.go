package registry

import (
	"net"
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestOneHostHasManyNames: a client finds what is written otherwise than its own repositories.
func TestOneHostHasManyNames(t *testing.T) {
	for own, others := range map[string][]string{
		"docker.io/me/agent": {"index.docker.io/me/agent:x", "registry-1.docker.io/me/agent:x", "me/agent:x", "Docker.io/me/agent:x"},
		"ghcr.io/me/agent":   {"GHCR.io/me/agent:x"},
	} {
		t.Run(own, func(t *testing.T) {
			b := registrytest.NewBed(t)
			b.Push(t, "me/agent:x", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
			client, err := Access{Transport: registrytest.Elsewhere{Host: b.Host}}.Connect(ctx, own)
			require.NoError(t, err)
			for _, other := range others {
				_, err := client.Find(ctx, other)
				assert.NoError(t, err, other)
			}
		})
	}
	t.Run("an IPv6 address", func(t *testing.T) {
		listener, err := net.Listen("tcp", "[::1]:0")
		if err != nil {
			t.Skip("no IPv6 on this machine")
		}
		b := registrytest.NewBed(t)
		b.Push(t, "me/agent:x", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
		server := &http.Server{Handler: b.Proxy}
		go server.Serve(listener)
		t.Cleanup(func() { server.Close() })
		at := listener.Addr().String() + "/me/agent"
		client, err := Access{}.Connect(ctx, at)
		require.NoError(t, err)
		_, err = client.Find(ctx, at+":x")
		require.NoError(t, err)
	})
}
