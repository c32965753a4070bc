package registry

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// wire sends what the layers above it have made ready, counts that, and notes whether the registry wants tokens.
type wire struct {
	next   http.RoundTripper
	n      *atomic.Int64
	tokens *atomic.Bool
}

// RoundTrip sends the request with its body from the start: when a token has expired, the layers above send the same request again, and
// its body has been read by then.
func (w wire) RoundTrip(request *http.Request) (*http.Response, error) {
	w.n.Add(1)
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		request = request.Clone(request.Context())
		request.Body = body
	}
	response, err := w.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusUnauthorized && wantsToken(response.Header) {
		w.tokens.Store(true)
	}
	response.Body = http.MaxBytesReader(nil, response.Body, maxAnswer+1) // The layers above read tokens to the end, whatever comes.
	return response, nil
}

// wantsToken says whether an answer asks for a token.
// https://distribution.github.io/distribution/spec/auth/token/#how-to-authenticate
func wantsToken(answer http.Header) bool {
	return slices.ContainsFunc(answer.Values("WWW-Authenticate"), func(challenge string) bool {
		scheme, _, _ := strings.Cut(challenge, " ")
		return strings.EqualFold(scheme, "bearer")
	})
}
