package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"dagger/eval-images/redact"
)

// withTimeout does work that waits for answers, no longer than so long in all. To run out of that time
// is not the end of the caller's own: another attempt may be answered.
func withTimeout(ctx context.Context, limit time.Duration, work func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := work(limited)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s", limit)
	}
	return presentable(err)
}

// presentable leaves out of a library's error what is not for terminals and logs: the query of a
// URL, which may be a signature that opens a storage, a page of HTML, and a token.
func presentable(err error) error {
	var answered *transport.Error
	if errors.As(err, &answered) {
		return statusErrorOf(answered)
	}
	var asked *url.Error
	if errors.As(err, &asked) {
		return presentable(asked.Err)
	}
	var value *json.UnmarshalTypeError
	if errors.As(err, &value) {
		return redact.Reword(err, "the answer is JSON of another form than specified") // The library's text has what was answered.
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return redact.Reword(err, first)
}

// statusErrorOf is the same answer as an error of this package: that of a token server, or the
// registry's to the handshake.
func statusErrorOf(answered *transport.Error) *StatusError {
	method, path, handshake := "", "", false
	if request := answered.Request; request != nil {
		method, path, handshake = request.Method, redact.Line(request.URL.Host+request.URL.EscapedPath()), request.URL.Path == "/v2/"
	}
	e := newStatusError(method, path, &answer{status: answered.StatusCode, body: bodyOf(answered)})
	e.ofTokens = !handshake
	return e
}

// bodyOf is what was answered. The library gives it as part of a text only, unless it has read it
// as the specification has errors.
func bodyOf(answered *transport.Error) []byte {
	if len(answered.Errors) > 0 {
		if text, err := json.Marshal(map[string]any{"errors": answered.Errors}); err == nil {
			return text
		}
	}
	_, body, _ := strings.Cut(answered.Error(), fmt.Sprintf("unexpected status code %d %s: ", answered.StatusCode, http.StatusText(answered.StatusCode)))
	return []byte(body)
}
