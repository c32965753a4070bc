package registrytest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/require"
)

// Bed is a registry in memory, behind a proxy that the test scripts.
type Bed struct {
	Host  string // as the client reaches it
	Open  string // where it takes everybody
	Proxy *Proxy
}

// NewBed is an empty registry.
func NewBed(t *testing.T) Bed {
	t.Helper()
	return NewBedOf(t, Memory())
}

// NewBedOf is a Bed with this registry.
func NewBedOf(t *testing.T, registry http.Handler) Bed {
	t.Helper()
	proxy := New(registry)
	server := httptest.NewServer(proxy)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	host := strings.TrimPrefix(server.URL, "http://")
	return Bed{Host: host, Open: host, Proxy: proxy}
}

// Reference puts the registry's host before the rest of a reference.
func (b Bed) Reference(rest string) string { return b.Host + "/" + rest }

// Push puts an image in the registry.
func (b Bed) Push(t *testing.T, rest string, img v1.Image) v1.Image {
	t.Helper()
	ref, err := name.ParseReference(b.Open + "/" + rest)
	require.NoError(t, err)
	require.NoError(t, remote.Write(ref, img))
	return img
}

// Pull gets an image from the registry.
func (b Bed) Pull(t *testing.T, rest string) v1.Image {
	t.Helper()
	ref, err := name.ParseReference(b.Open + "/" + rest)
	require.NoError(t, err)
	img, err := remote.Image(ref)
	require.NoError(t, err)
	return img
}

// DigestOfImage is the digest of an image's manifest.
func DigestOfImage(t *testing.T, img v1.Image) string {
	t.Helper()
	digest, err := img.Digest()
	require.NoError(t, err)
	return digest.String()
}

// Elsewhere sends every request to a test's server.
type Elsewhere struct{ Host string }

// RoundTrip sends the request there.
func (e Elsewhere) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host = "http", e.Host
	return http.DefaultTransport.RoundTrip(request)
}

// Asked are the requests that a registry got, such as "PUT /v2/agent/manifests/x", in the order of
// their answers.
func Asked(proxy *Proxy) []string {
	var all []string
	for _, request := range proxy.Requests() {
		all = append(all, request.Method+" "+request.Path)
	}
	return all
}

// Has reports whether a repository has a blob.
func (b Bed) Has(repository string, digest v1.Hash) (bool, error) {
	ref, err := name.NewDigest(b.Open + "/" + repository + "@" + digest.String())
	if err != nil {
		return false, err
	}
	layer, err := remote.Layer(ref)
	if err != nil {
		return false, err
	}
	_, err = layer.Size()
	return err == nil, nil
}
