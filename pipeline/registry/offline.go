package registry

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// realm is where a challenge says that tokens come from.
var realm = regexp.MustCompile(`(?i)\brealm="([^"]*)"`)

// givesTokens reports whether a request goes to where the registry said that tokens come from.
func (w countingTransport) givesTokens(request *http.Request) bool {
	challenge := w.token.Load()
	if challenge == nil {
		return false
	}
	named := realm.FindStringSubmatch(*challenge)
	if named == nil {
		return false
	}
	server, _, _ := strings.Cut(named[1], "?")
	asked, _, _ := strings.Cut(request.URL.String(), "?")
	return asked == server
}

// withoutRefreshToken leaves the refresh token out of a token server's answer. The library would
// keep it for the next token, beside what it was given, and without a lock: workers that renew a
// token at a time would race for it. What they were given is good for every token.
// https://distribution.github.io/distribution/spec/auth/token/#token-response-fields
func withoutRefreshToken(response *http.Response) (*http.Response, error) {
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	var answer map[string]json.RawMessage
	if json.Unmarshal(body, &answer) == nil && answer["refresh_token"] != nil {
		delete(answer, "refresh_token")
		if body, err = json.Marshal(answer); err != nil {
			return nil, err
		}
	}
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response.Header.Del("Content-Length")
	return response, nil
}
