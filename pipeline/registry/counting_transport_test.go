package registry

import (
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/redact"
)

// long is an answer without an end, which counts what is read of it.
type long struct{ read int }

func (l *long) Read(p []byte) (int, error) {
	if l.read += len(p); l.read > 4*maxAnswer {
		return 0, io.EOF
	}
	return len(p), nil
}

func (l *long) Close() error { return nil }

// TestARefusedLayerIsReadNoFurtherThanAnyAnswer: a layer has any size, and a refusal of it has not.
func TestARefusedLayerIsReadNoFurtherThanAnyAnswer(t *testing.T) {
	body := new(long)
	w := newWire(roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: body}, nil
	}), new(atomic.Int64), Access{}.route("r"))
	asksForToken := `Bearer realm="http://r/token"`
	w.token.Store(&asksForToken)
	request := httptest.NewRequest(http.MethodGet, "https://r/v2/base/blobs/sha256:0", nil)
	request.Header.Set("Accept", octets)
	request.Header.Set("Authorization", "Bearer t")
	_, err := w.RoundTrip(request.WithContext(withOnce(ctx)))
	require.Error(t, err)
	assert.LessOrEqual(t, body.read, 2*maxAnswer)
}

// TestAPlaceThatIsNoAddress: it may be long, hold a signature, and move a terminal's cursor.
func TestAPlaceThatIsNoAddress(t *testing.T) {
	at, err := url.Parse("http://r/v2/base/blobs/uploads/")
	require.NoError(t, err)
	for _, place := range []string{"http://r:port\u202e/?signature=secret", ":" + strings.Repeat("x", 1<<20), "http://r/%zz?signature=secret"} {
		_, err = (&answer{header: http.Header{"Location": {place}}, url: at}).location()
		require.ErrorContains(t, err, "the registry gives no address where the upload goes on: ")
		assert.NotContains(t, err.Error(), "secret")
		assertOneShortLine(t, err.Error())
	}
}

// TestLibraryErrorsArePresentable: what a registry or a token server named stands in them.
func TestLibraryErrorsArePresentable(t *testing.T) {
	unreachable := &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "x\u202e\u009b" + strings.Repeat("x", 1<<20)}}
	realm, err := url.Parse("http://x\u202e/" + strings.Repeat("x", 1<<20))
	require.NoError(t, err)
	for name, err := range map[string]error{
		"a host that is not there": &url.Error{Op: "Get", URL: "http://r?signature=secret", Err: unreachable},
		"more lines than one":      errors.New("no token in the answer:\n{secret}"),
		"a long address":           &transport.Error{StatusCode: 500, Request: &http.Request{Method: http.MethodGet, URL: realm}},
	} {
		t.Run(name, func(t *testing.T) {
			assertOneShortLine(t, presentable(err).Error())
			assert.NotContains(t, presentable(err).Error(), "secret")
		})
	}
	var dial *net.OpError
	require.ErrorAs(t, presentable(unreachable), &dial, "what kind of error it is still shows")
}

// TestNoCredentialsInARegistrysWords: it has seen them, and may repeat them.
func TestNoCredentialsInARegistrysWords(t *testing.T) {
	const password = "correct-horse-battery"
	access := Access{Username: "me", Password: password}
	for name, body := range map[string]string{
		"as they are":            "the password " + password + " is wrong",
		"as a header has them":   "invalid header: Basic " + base64.StdEncoding.EncodeToString([]byte("me:"+password)),
		"at the end that is cut": strings.Repeat("x", redact.MaxLine-12) + password,
	} {
		t.Run(name, func(t *testing.T) {
			text := access.redact(newStatusError(http.MethodPost, "/v2/", &answer{status: 401, body: []byte(body)})).Error()
			assert.NotContains(t, text, password[:6])
			assert.NotContains(t, text, base64.StdEncoding.EncodeToString([]byte("me:" + password))[:8])
			assert.Contains(t, text, "***")
		})
	}
}

// TestNoCredentialsInATokenServersWords: it is asked again in the middle of a run.
func TestNoCredentialsInATokenServersWords(t *testing.T) {
	r := registrytest.NewTokenRegistry(t)
	client := connect(t, r.Bed, Access{Username: "me", Password: registrytest.Password})
	composed := composedOn(t, r.Bed, client, "one", addition(t, r.Bed, client))
	r.Tokens = registrytest.Answer(http.StatusUnauthorized, "no such user: me:"+registrytest.Password)
	r.ExpireAt("/agent/")
	_, found := client.Find(ctx, r.Reference("agent:x"))
	put := client.copyLayer(ctx, "agent", composed.layers[0], nil)
	_, opened := client.openLayer(ctx, composed.layers[0])
	for _, err := range []error{found, put, opened} {
		require.ErrorContains(t, err, "no such user: me:***")
	}
}
