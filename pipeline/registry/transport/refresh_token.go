package transport

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// realm matches the token server's URL in a challenge.
var realm = regexp.MustCompile(`(?i)\brealm="([^"]*)"`)

// givesTokens reports whether a request goes to the token server that the registry named.
func (c *counting) givesTokens(request *http.Request) bool {
	challenge := c.token.Load()
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

// withoutRefreshToken removes the refresh token from a token server's answer. The library would use
// it for the next token instead of the credentials, and keeps it without a lock: workers that renew
// a token at the same time would race for it. The credentials are good for every token.
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
