package registrytest

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// Tokens is a registry that takes nobody without a token, and its token server. Each token is good
// for some requests only, so that it expires at every step sooner or later.
// https://distribution.github.io/distribution/spec/auth/token/
type Tokens struct {
	// Registry answers those who show a token.
	Registry http.Handler
	// Good is for how many requests a token is. It is counted rather than timed, so that a test
	// does not depend on the machine. The same request is refused once only: others may use its new
	// token up before it is sent again, which no clock would do.
	Good int
	// Server, unless nil, answers in place of the token server.
	Server Fault

	mu     sync.Mutex
	issued int
	left   map[string]int
	struck map[string]bool // requests that came with a token which was used up
}

// Issued is how many tokens were given.
func (t *Tokens) Issued() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.issued
}

// ServeHTTP answers as a registry, and under /token as its token server, which gives a token to
// everybody.
func (t *Tokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case r.URL.Path == "/token" && t.Server != nil:
		t.Server(w, r, http.HandlerFunc(t.issue))
	case r.URL.Path == "/token":
		t.issue(w, r)
	case t.takes(token, r.Method+" "+r.URL.String()):
		t.Registry.ServeHTTP(w, r)
	default:
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test"`, r.Host))
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED")
	}
}

func (t *Tokens) issue(w http.ResponseWriter, _ *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.issued++
	token := fmt.Sprint("token-", t.issued)
	if t.left == nil {
		t.left, t.struck = map[string]int{}, map[string]bool{}
	}
	t.left[token] = t.Good
	fmt.Fprintf(w, `{"token":%q}`, token) // A client that has gone needs no token.
}

func (t *Tokens) takes(token, request string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	left, issued := t.left[token]
	if !issued || left == 0 && !t.struck[request] {
		if issued {
			t.struck[request] = true
		}
		return false
	}
	t.left[token] = max(0, left-1)
	return true
}
