package status

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	library "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"dagger/eval-images/redact"
)

// Presentable makes an error of the library safe for terminals and logs. It leaves out tokens,
// pages of HTML, and the query of a URL, which may be a signature that opens a storage. An answer
// becomes an [Error].
func Presentable(err error) error {
	var answered *library.Error
	if errors.As(err, &answered) {
		return ofLibrary(answered)
	}
	var asked *url.Error
	if errors.As(err, &asked) {
		return Presentable(asked.Err)
	}
	var value *json.UnmarshalTypeError
	if errors.As(err, &value) {
		return redact.Reword(err, "the answer is not the specified JSON") // The library quotes the answer.
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return redact.Reword(err, first)
}

// ofLibrary turns a library's error into one of this package. It is a token server's answer, or the
// registry's to the handshake.
func ofLibrary(answered *library.Error) *Error {
	method, path, handshake := "", "", false
	if request := answered.Request; request != nil {
		method, path, handshake = request.Method, redact.Line(request.URL.Host+request.URL.EscapedPath()), request.URL.Path == "/v2/"
	}
	e := New(method, path, answered.StatusCode, nil, bodyOf(answered))
	e.ofTokens = !handshake
	return e
}

// bodyOf is the body of an answer. The library keeps the errors that it could parse, and quotes any
// other body in its text.
func bodyOf(answered *library.Error) []byte {
	if len(answered.Errors) > 0 {
		if text, err := json.Marshal(map[string]any{"errors": answered.Errors}); err == nil {
			return text
		}
	}
	_, body, _ := strings.Cut(answered.Error(), fmt.Sprintf("unexpected status code %d %s: ", answered.StatusCode, http.StatusText(answered.StatusCode)))
	return []byte(body)
}
