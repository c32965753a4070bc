package registry

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
)

// countingTransport sends what the layers above it have made ready, counts that, and notes what the registry
// wants to know of who asks. Every request goes through it: those for tokens and after redirects
// too.
type countingTransport struct {
	next  http.RoundTripper
	route *route
	n     *atomic.Int64
	// challenged says whether the registry ever asked for credentials.
	challenged *atomic.Bool
	// token is how the registry asked for a token. Nil: it never did.
	token *atomic.Pointer[string]
}

func newWire(next http.RoundTripper, n *atomic.Int64, route *route) countingTransport {
	return countingTransport{next: next, route: route, n: n, challenged: new(atomic.Bool), token: new(atomic.Pointer[string])}
}

// RoundTrip sends the request by the registry's route.
func (w countingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := w.route.roundTrip(request, w.send)
	if err != nil {
		return nil, err
	}
	response.Request = request                                                          // What it refers to is relative to that.
	if request.Header.Get("Accept") != octets || response.StatusCode != http.StatusOK { // Only a layer may be larger.
		response.Body = http.MaxBytesReader(nil, response.Body, maxAnswer+1) // The layers above read tokens to the end, whatever comes.
	}
	switch response.StatusCode {
	case http.StatusOK:
		if w.givesTokens(request) {
			return withoutRefreshToken(response)
		}
	case http.StatusUnauthorized:
		w.challenged.Store(true)
		if challenge := tokenChallenge(response.Header); challenge != "" {
			w.token.Store(&challenge)
		}
	case http.StatusBadRequest:
		return w.renewed(request, response)
	}
	return response, nil
}

// send sends the request with its body from the start: when a token has expired, the layers above
// send the same request again, and its body has been read by then.
func (w countingTransport) send(request *http.Request) (*http.Response, error) {
	w.n.Add(1)
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		request = request.Clone(request.Context())
		request.Body = body
	}
	return w.next.RoundTrip(request)
}

// tokens says whether the registry wants tokens.
func (w countingTransport) tokens() bool { return w.token.Load() != nil }

// tokenChallenge is what an answer asks for a token with; empty if it does not.
// https://distribution.github.io/distribution/spec/auth/token/#how-to-authenticate
func tokenChallenge(answer http.Header) string {
	all := answer.Values("WWW-Authenticate")
	i := slices.IndexFunc(all, func(challenge string) bool {
		scheme, _, _ := strings.Cut(challenge, " ")
		return strings.EqualFold(scheme, "bearer")
	})
	if i < 0 {
		return ""
	}
	return all[i]
}

// expired is how ECR Public answers to a token that has expired: with 400 and without a challenge.
// https://github.com/aws/containers-roadmap/issues/2835
var expired = regexp.MustCompile(`(?i)authorization token (is invalid|has expired)`)

// renewed turns such an answer into the specified challenge, so that the layer above gets a new
// token and repeats the request. It does so once for each request: a new token that is refused as
// well has not expired.
func (w countingTransport) renewed(request *http.Request, response *http.Response) (*http.Response, error) {
	challenge, once := w.token.Load(), onceOf(request.Context())
	if challenge == nil || once == nil || request.Header.Get("Authorization") == "" {
		return response, nil
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	if expired.Match(body) && once.CompareAndSwap(false, true) {
		response.StatusCode, response.Status = http.StatusUnauthorized, ""
		response.Header.Set("WWW-Authenticate", *challenge)
	}
	return response, nil
}

type onceKey struct{}

// withOnce marks the context of one request, however often the layers below send it.
func withOnce(ctx context.Context) context.Context {
	return context.WithValue(ctx, onceKey{}, new(atomic.Bool))
}

// onceOf tells whether the request's token was renewed. Nil: the request is not the client's own.
func onceOf(ctx context.Context) *atomic.Bool {
	once, _ := ctx.Value(onceKey{}).(*atomic.Bool)
	return once
}
