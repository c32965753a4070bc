package transport

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// long is an answer without an end, which counts what is read of it.
type long struct{ read int }

func (l *long) Read(p []byte) (int, error) {
	if l.read += len(p); l.read > 4*MaxAnswer {
		return 0, io.EOF
	}
	return len(p), nil
}

func (l *long) Close() error { return nil }

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip does what the function does.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestARefusedLayerIsReadNoFurtherThanAnyAnswer: a layer has any size, and a refusal of it has not.
func TestARefusedLayerIsReadNoFurtherThanAnyAnswer(t *testing.T) {
	body := new(long)
	w := &counting{next: roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusBadRequest, Header: http.Header{}, Body: body}, nil
	}), route: newRoute("r", false, false)}
	asksForToken := `Bearer realm="http://r/token"`
	w.token.Store(&asksForToken)
	request := httptest.NewRequest(http.MethodGet, "https://r/v2/base/blobs/sha256:0", nil)
	request.Header.Set("Accept", Octets)
	request.Header.Set("Authorization", "Bearer t")
	_, err := w.RoundTrip(request.WithContext(withOnce(context.Background())))
	require.Error(t, err)
	assert.LessOrEqual(t, body.read, 2*MaxAnswer)
}
