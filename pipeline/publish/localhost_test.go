package publish

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dialled notes where a client connects to. Only port 80 of localhost listens: there is the test's
// registry.
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

// assertOnlyLocalhost asserts that nobody else was asked anything: no token server of Docker Hub's,
// above all.
func (d *dialled) assertOnlyLocalhost(t *testing.T) {
	t.Helper()
	slices.Sort(d.places)
	assert.Equal(t, []string{"localhost:443", "localhost:80"}, slices.Compact(d.places))
}

// TestLocalhostWithoutAPortIsThisMachine, as it is to Docker and the engine, at the ports of HTTPS
// and HTTP. The library takes it for a name at Docker Hub, whose token server would get the
// password.
func TestLocalhostWithoutAPortIsThisMachine(t *testing.T) {
	for kind, start := range map[string]func(*testing.T) (registrytest.Bed, registry.Access){"a password": withPassword, "a token": localToken} {
		t.Run("with "+kind, func(t *testing.T) {
			b, access := start(t)
			at := &dialled{registry: b.Host}
			access.Transport, b.Host = at.transport(), "localhost"
			b.Push(t, "me/base:one", registrytest.Layered(t, types.OCIManifestSchema1, "one"))

			client, err := access.Open(ctx, "localhost/me/base", "localhost/me/agent")
			require.NoError(t, err)
			found, err := client.Find(ctx, "localhost/me/base:one")
			require.NoError(t, err)
			base, err := client.Image(ctx, "localhost/me/base:one@"+found.Digest)
			require.NoError(t, err)
			composed, err := oci.Compose(base, addition(t, b, client))
			require.NoError(t, err)
			require.NoError(t, client.Put(ctx, composed, "localhost/me/agent:one"))
			_, _, err = (&Sharing{Client: client}).RebaseKey(ctx, plan.Image{Official: "localhost/me/base:one"})
			require.NoError(t, err)

			engine := fails{&classify.PushError{Reference: "localhost/me/agent:two", Err: errors.New("403 Forbidden")}}
			_, err = (&ProbingBuilder{Builder: engine, Access: access}).Publish(ctx, plan.Image{})
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
		_, err := (&Heads{Access: registry.Access{Transport: at.transport()}, Else: engine}).Find(ctx, "localhost/me/base:one")
		require.NoError(t, err)
		assert.Equal(t, []string{"localhost/me/base:one"}, engine.asked)
		assert.Empty(t, at.places)
	})
}

// hides is an engine that is refused without a reason.
type hides struct{}

func (hides) Find(context.Context, string) (plan.Found, error) {
	return plan.Found{}, errors.New("403 Forbidden")
}

// localToken is a registry that wants a token of its own server, whose address is at localhost,
// too.
func localToken(t *testing.T) (registrytest.Bed, registry.Access) {
	r := registrytest.NewTokenRegistry(t)
	b := r.Bed
	r.Host = "localhost"
	return b, registry.Access{Username: "me", Password: registrytest.Password}
}

// withPassword is a registry that wants the password with every request.
func withPassword(t *testing.T) (registrytest.Bed, registry.Access) {
	return registrytest.NewBasicBed(t), registry.Access{Username: "me", Password: registrytest.Password}
}
