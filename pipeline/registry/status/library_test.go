package status

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	library "github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestLibraryErrorsArePresentable: what a registry or a token server named stands in them.
func TestLibraryErrorsArePresentable(t *testing.T) {
	unreachable := &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "x\u202e\u009b" + strings.Repeat("x", 1<<20)}}
	realm, err := url.Parse("http://x\u202e/" + strings.Repeat("x", 1<<20))
	require.NoError(t, err)
	for name, err := range map[string]error{
		"a host that is not there": &url.Error{Op: "Get", URL: "http://r?signature=secret", Err: unreachable},
		"more lines than one":      errors.New("no token in the answer:\n{secret}"),
		"a long address":           &library.Error{StatusCode: 500, Request: &http.Request{Method: http.MethodGet, URL: realm}},
	} {
		t.Run(name, func(t *testing.T) {
			registrytest.RequireLine(t, Presentable(err).Error(), registrytest.MaxText)
			assert.NotContains(t, Presentable(err).Error(), "secret")
		})
	}
	var dial *net.OpError
	require.ErrorAs(t, Presentable(unreachable), &dial, "what kind of error it is still shows")
}
