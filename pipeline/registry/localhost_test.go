package registry

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline"
)

// dialled notes where a client connects to. Only port 80 of localhost listens: there is the test's registry.
type dialled struct {
	registry string
	mu       sync.Mutex
	places   []string
}

func (d *dialled) transport() http.RoundTripper {
	return &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		d.mu.Lock()
		d.places = append(d.places, address)
		d.mu.Unlock()
		if address != "localhost:80" {
			return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
		}
		return new(net.Dialer).DialContext(ctx, network, d.registry)
	}}
}

// assertOnlyLocalhost asserts that nobody else was asked anything: no token server of Docker Hub's, above all.
func (d *dialled) assertOnlyLocalhost(t *testing.T) {
	t.Helper()
	slices.Sort(d.places)
	assert.Equal(t, []string{"localhost:443", "localhost:80"}, slices.Compact(d.places))
}

// TestLocalhostWithoutAPortIsThisMachine, as it is to Docker and the engine, at the ports of HTTPS and HTTP. The library
// takes it for a name at Docker Hub, whose token server would get the password.
func TestLocalhostWithoutAPortIsThisMachine(t *testing.T) {
	for kind, start := range map[string]func(*testing.T) (testbed, Access){"a password": withPassword, "a token": localToken} {
		t.Run("with "+kind, func(t *testing.T) {
			b, access := start(t)
			at := &dialled{registry: b.host}
			access.Transport, b.host = at.transport(), "localhost"
			b.push(t, "me/base:one", layered(t, types.OCIManifestSchema1, "one"))

			client, err := access.Open(ctx, "localhost/me/base", "localhost/me/agent")
			require.NoError(t, err)
			found, err := client.Find(ctx, "localhost/me/base:one")
			require.NoError(t, err)
			base, err := client.Image(ctx, "localhost/me/base:one@"+found.Digest)
			require.NoError(t, err)
			composed, err := Compose(base, b.addition(t, client))
			require.NoError(t, err)
			require.NoError(t, client.Put(ctx, composed, "localhost/me/agent:one"))
			_, err = (&Sharing{Client: client}).Alike(ctx, "localhost/me/base:one")
			require.NoError(t, err)

			engine := fails{&pipeline.PushError{Reference: "localhost/me/agent:two", Err: errors.New("403 Forbidden")}}
			_, err = (&ProbingBuilder{Builder: engine, Access: access}).Publish(ctx, pipeline.Image{})
			require.Error(t, err)
			probed := &ProbingRegistry{Registry: hides{}, Access: access}
			again, err := probed.Find(ctx, "localhost/me/base:one")
			require.NoError(t, err)
			assert.Equal(t, found.Digest, again.Digest)
			at.assertOnlyLocalhost(t)
		})
	}
	t.Run("and its images' heads are not sought at Docker Hub", func(t *testing.T) {
		at := &dialled{}
		engine := new(noting)
		_, err := (&Heads{Access: Access{Transport: at.transport()}, Else: engine}).Find(ctx, "localhost/me/base:one")
		require.NoError(t, err)
		assert.Equal(t, []string{"localhost/me/base:one"}, engine.asked)
		assert.Empty(t, at.places)
	})
}

// hides is an engine that is refused without a reason.
type hides struct{}

func (hides) Find(context.Context, string) (pipeline.Found, error) {
	return pipeline.Found{}, errors.New("403 Forbidden")
}

// localToken is a registry that wants a token of its own server, whose address is at localhost, too.
func localToken(t *testing.T) (testbed, Access) {
	r := newTokenRegistry(t)
	b := r.testbed
	r.host = "localhost"
	return b, Access{Username: "me", Password: password}
}

// TestOneHostHasManyNames: a client finds what is written otherwise than its own repositories.
func TestOneHostHasManyNames(t *testing.T) {
	for own, others := range map[string][]string{
		"docker.io/me/agent": {"index.docker.io/me/agent:x", "registry-1.docker.io/me/agent:x", "me/agent:x", "Docker.io/me/agent:x"},
		"ghcr.io/me/agent":   {"GHCR.io/me/agent:x"},
	} {
		t.Run(own, func(t *testing.T) {
			b := newTestbed(t)
			b.push(t, "me/agent:x", layered(t, types.OCIManifestSchema1, "one"))
			client, err := Access{Transport: elsewhere{b.host}}.Connect(ctx, own)
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
		b := newTestbed(t)
		b.push(t, "me/agent:x", layered(t, types.OCIManifestSchema1, "one"))
		server := &http.Server{Handler: b.proxy}
		go server.Serve(listener)
		t.Cleanup(func() { server.Close() })
		at := listener.Addr().String() + "/me/agent"
		client, err := Access{}.Connect(ctx, at)
		require.NoError(t, err)
		_, err = client.Find(ctx, at+":x")
		require.NoError(t, err)
	})
}
