package dockerhub

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// tokens are those that were handed out.
type tokens struct {
	mu    sync.Mutex
	known map[string]token
}

// token is for a user, who may be nobody, and for some scopes.
type token struct {
	user   string
	scopes []string
}

// serve hands out a token, for the scopes that are asked for, to everybody with an account and to who
// shows no password. Others than GET it does not know; clients then use that.
// https://distribution.github.io/distribution/spec/auth/token/
func (t *tokens) serve(w http.ResponseWriter, r *http.Request, users map[string]string) {
	if r.Method != http.MethodGet {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	user, password, shown := r.BasicAuth()
	if known, ok := users[user]; shown && (!ok || known != password) {
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(map[string]string{"details": "incorrect username or password"}) // Who has gone needs no answer.
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[string]token{}
	}
	text := fmt.Sprintf("token-%d", len(t.known)+1)
	t.known[text] = token{user, strings.Fields(strings.Join(r.URL.Query()["scope"], " "))}
	_ = json.NewEncoder(w).Encode(map[string]any{"token": text, "access_token": text, "expires_in": 300}) // Likewise.
}

// takes says whether a request shows a token for a repository, and whose. Without a repository any
// will do.
func (t *tokens) takes(r *http.Request, repository string) (user string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	shown, ok := t.known[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	if !ok || repository == "" {
		return shown.user, ok
	}
	for _, scope := range shown.scopes {
		actions, of := strings.CutPrefix(scope, "repository:"+repository+":")
		if of && strings.Contains(","+actions+",", ",pull,") {
			return shown.user, true
		}
	}
	return "", false
}

// challenge asks for a token.
func challenge(w http.ResponseWriter, r *http.Request, repository string) {
	scope := ""
	if repository != "" {
		scope = fmt.Sprintf(",scope=%q", "repository:"+repository+":pull")
	}
	w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="registry.docker.io"%s`, r.Host, scope))
	refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
}
