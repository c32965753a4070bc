package harness

import (
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"

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
	return Relay(t, Served(t, proxy)), proxy
}

// FaultyFleet is a fleet of some small instances in a registry with a proxy. Its official images
// are there.
func FaultyFleet(t *testing.T, size int) (Fleet, *registrytest.Proxy) {
	t.Helper()
	return ProxiedFleet(t, HostRegistry, size)
}

// ProxiedFleet is the same in a registry that has the local one's storage.
func ProxiedFleet(t *testing.T, registry string, size int) (Fleet, *registrytest.Proxy) {
	t.Helper()
	var ids []string
	for number := 1; number <= size; number++ {
		ids = append(ids, Task(number))
	}
	f := NewFleet(t, ids...)
	address, proxy := proxied(t, registry)
	f.Template = strings.Replace(f.Template, f.Registry, address, 1)
	f.Registry = address
	f.Push(t, ids...)
	return f, proxy
}
