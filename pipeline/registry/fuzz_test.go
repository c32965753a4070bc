package registry

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/redact"
)

// The seeds of all targets are files in testdata/fuzz, named by what they are.

// FuzzLocation: the place where an upload goes on is an address, or an error, and a relative one
// stays at the registry.
func FuzzLocation(f *testing.F) {
	f.Fuzz(func(t *testing.T, location string) {
		asked := &url.URL{Scheme: "https", Host: "registry.example", Path: "/v2/agent/blobs/uploads/"}
		begun := &answer{header: http.Header{"Location": {location}}, url: asked}
		place, err := begun.location()
		if err != nil {
			return
		}
		registrytest.RequireLine(t, redact.Line(place.EscapedPath()), redact.MaxLine)
		if strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "//") {
			require.Equal(t, "registry.example", place.Host)
			require.Equal(t, "https", place.Scheme)
		}
		client := &Client{http: &http.Client{Transport: nowhere{}}}
		_, err = client.exchange(ctx, http.MethodPut, place, content{body: []byte("x"), query: url.Values{"digest": {"d"}}})
		require.Error(t, err)
	})
}

// nowhere answers nobody.
type nowhere struct{}

// RoundTrip fails.
func (nowhere) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed }
