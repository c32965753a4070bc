package registry

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// tokenRegistry takes nobody without a token of its own token server, which gives one to who has the password.
type tokenRegistry struct {
	testbed
	tokens registrytest.Fault // in place of the token server

	mu      sync.Mutex
	valid   string // the token that is taken
	issued  int
	scopes  []string         // of each token that was asked for
	expires []*regexp.Regexp // the token expires once at each of these paths
}

func newTokenRegistry(t *testing.T) *tokenRegistry {
	t.Helper()
	r := &tokenRegistry{testbed: newTestbed(t)}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.host = strings.TrimPrefix(server.URL, "http://")
	return r
}

// expireAt has the token expire just before the next request with such a path.
func (r *tokenRegistry) expireAt(path string) {
	r.expires = append(r.expires, regexp.MustCompile(path))
}

// ServeHTTP answers as a registry, and under /token as its token server.
// https://distribution.github.io/distribution/spec/auth/token/
func (r *tokenRegistry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	switch {
	case request.URL.Path == "/token" && r.tokens != nil:
		r.tokens(w, request, nil)
	case request.URL.Path == "/token":
		r.issue(w, request)
	case r.takes(request):
		r.proxy.ServeHTTP(w, request)
	default:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, r.host))
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func (r *tokenRegistry) issue(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if user, given, _ := request.BasicAuth(); user != "me" || given != password {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.issued++
	r.valid = fmt.Sprint("token-", r.issued)
	r.scopes = append(r.scopes, strings.Join(request.URL.Query()["scope"], " "))
	fmt.Fprintf(w, `{"token":%q}`, r.valid)
}

func (r *tokenRegistry) takes(request *http.Request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, path := range r.expires {
		if path.MatchString(request.URL.Path) {
			r.expires = append(r.expires[:i], r.expires[i+1:]...)
			r.valid = ""
			break
		}
	}
	return r.valid != "" && request.Header.Get("Authorization") == "Bearer "+r.valid
}
