package transport

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

// TokenChallenge is the challenge of an answer that asks for a token; empty if it does not.
// https://distribution.github.io/distribution/spec/auth/token/#how-to-authenticate
func TokenChallenge(answer http.Header) string {
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

// wantsTokens reports whether the registry has asked for a token.
func (c *counting) wantsTokens() bool { return c.token.Load() != nil }

// TokenExpired matches what ECR and ECR Public answer to an expired token. ECR Public does so with
// status 400 and without a challenge.
// https://github.com/aws/containers-roadmap/issues/2835
var TokenExpired = regexp.MustCompile(`(?i)authorization token (is invalid|has expired)`)

// renewed turns such a 400 into the specified challenge, so that the layer above gets a new token
// and repeats the request. It does so once for each request: if the registry refuses the new token
// as well, the token has not expired.
func (c *counting) renewed(request *http.Request, response *http.Response) (*http.Response, error) {
	challenge, once := c.token.Load(), onceOf(request.Context())
	if challenge == nil || once == nil || request.Header.Get("Authorization") == "" {
		return response, nil
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	if TokenExpired.Match(body) && once.CompareAndSwap(false, true) {
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

// onceOf says whether the request's token was renewed. Nil: the client did not send the request
// itself.
func onceOf(ctx context.Context) *atomic.Bool {
	once, _ := ctx.Value(onceKey{}).(*atomic.Bool)
	return once
}
