package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// proxied is a registry, given as this machine reaches it, under another port of the engine's
// localhost, with a proxy in between.
func proxied(t *testing.T, registry string) (address string, proxy *registrytest.Proxy) {
	t.Helper()
	proxy = registrytest.New(&httputil.ReverseProxy{
		// The registry tells where an upload goes on, so it has to know the name that it was called
		// by.
		Rewrite:   func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", registry },
		Transport: &http.Transport{MaxIdleConnsPerHost: 100},
	})
	return relay(t, served(t, proxy)), proxy
}

// served is the address of a new server that the engine and the module reach, and this machine.
func served(t *testing.T, handler http.Handler) (address string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close()
	var err error
	server.Listener, err = net.Listen("tcp", net.JoinHostPort(hostSeenByEngine(t), "0"))
	require.NoError(t, err)
	server.Start()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.Listener.Addr().String()
}

// relayPort is the last port that a relay listens at. Each has its own, mostly also those of
// another run of the tests. They are below those that Linux gives to connections.
var relayPort atomic.Int32

func init() { relayPort.Store(int32(20000 + os.Getpid()%250*40)) }

// relay makes an address of this machine's a port of the engine's localhost: only there the engine
// speaks plain HTTP.
func relay(t *testing.T, to string) string {
	t.Helper()
	port := relayPort.Add(1)
	name := fmt.Sprintf("eval-images-e2e-relay-%d", port)
	docker(t, "rm", "-f", name)
	beside := strings.Fields(docker(t, "inspect", "-f", "{{.HostConfig.NetworkMode}} {{.Image}}", "eval-images-registry"))
	docker(t, "run", "-d", "--name", name, "--network", beside[0], "-v", relayBinary(t)+":/relay:ro", "--entrypoint", "/relay",
		beside[1], fmt.Sprintf(":%d", port), to)
	t.Cleanup(func() { docker(t, "rm", "-f", name) })
	host, _, err := net.SplitHostPort(hostRegistry)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		answer, err := http.Get(fmt.Sprintf("http://%s:%d/v2/", host, port))
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil // Whatever it says: it may want a password.
	}, 20*time.Second, 50*time.Millisecond, "the relay does not answer")
	return fmt.Sprintf("localhost:%d", port)
}

var buildRelay = sync.OnceValues(func() (string, error) {
	path := filepath.Join(root, "out", "relay")
	command := exec.Command("go", "build", "-o", path, "./relay")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compiling the relay: %w\n%s", err, output)
	}
	return path, nil
})

func relayBinary(t *testing.T) string {
	t.Helper()
	path, err := buildRelay()
	require.NoError(t, err)
	return path
}

// faultyFleet is a fleet of some small instances in a registry with a proxy. Its official images
// are there.
func faultyFleet(t *testing.T, size int) (fleet, *registrytest.Proxy) {
	t.Helper()
	return proxiedFleet(t, hostRegistry, size)
}

// proxiedFleet is the same in a registry that has the local one's storage.
func proxiedFleet(t *testing.T, registry string, size int) (fleet, *registrytest.Proxy) {
	t.Helper()
	var ids []string
	for number := 1; number <= size; number++ {
		ids = append(ids, task(number))
	}
	f := fleetOf(t, ids...)
	address, proxy := proxied(t, registry)
	f.template = strings.Replace(f.template, f.registry, address, 1)
	f.registry = address
	f.push(t, ids...)
	return f, proxy
}
