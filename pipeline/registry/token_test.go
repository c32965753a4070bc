package registry

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// tokenRegistry takes nobody without a token of its own token server, which gives one to who has the password.
// A token is for the repositories that were asked for.
type tokenRegistry struct {
	testbed
	tokens registrytest.Fault // in place of the token server

	mu     sync.Mutex
	valid  map[string]token // those that are taken
	issued int
	life   int // of a token, in requests to the registry; 0: it lives on
	served int // requests so far
	// refused is after how many requests a token was refused, by the request that it came with.
	refused map[string][]int
	denied  string   // a repository that no token is for
	user    string   // who has the password; empty: me
	shown   []string // users that asked for a token
	// grants is what a token is for of the scopes that were asked for. Nil: all.
	grants func(scopes []string) []string
	// public answers 400 and challenges nobody, as ECR Public does, to a token that is not taken.
	public  bool
	scopes  []string         // of each token that was asked for
	expires []*regexp.Regexp // all tokens expire once at each of these paths
	// offline gives a refresh token with each token.
	offline bool
}

// token is for these scopes, and was issued after so many requests to the registry.
type token struct {
	scopes string
	at     int
}

func newTokenRegistry(t *testing.T) *tokenRegistry {
	t.Helper()
	r := &tokenRegistry{testbed: newTestbed(t), valid: map[string]token{}, refused: map[string][]int{}}
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
	case r.public && len(request.Header.Get("Authorization")) > len("Bearer "):
		registrytest.Answer(http.StatusBadRequest, `{"errors":[{"code":"DENIED","message":"Your Authorization Token is invalid."}]}`)(w, request, nil)
	default:
		var scope []string
		for _, about := range repositoriesOf(request) {
			scope = append(scope, "repository:"+about+":pull")
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="test",scope=%q`, r.host, strings.Join(scope, " ")))
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func (r *tokenRegistry) issue(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	user, given, _ := request.BasicAuth()
	r.shown = append(r.shown, user)
	if user != cmp.Or(r.user, "me") || given != password {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.issued++
	text, scopes := fmt.Sprint("token-", r.issued), request.URL.Query()["scope"]
	r.scopes = append(r.scopes, strings.Join(scopes, " "))
	if r.grants != nil {
		scopes = r.grants(scopes)
	}
	r.valid[text] = token{strings.Join(scopes, " "), r.served}
	if r.offline {
		fmt.Fprintf(w, `{"token":%q,"expires_in":300,"refresh_token":"refresh"}`, text)
		return
	}
	fmt.Fprintf(w, `{"token":%q}`, text)
}

func (r *tokenRegistry) takes(request *http.Request) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, path := range r.expires {
		if path.MatchString(request.URL.Path) {
			r.expires = append(r.expires[:i], r.expires[i+1:]...)
			clear(r.valid)
			break
		}
	}
	r.served++
	text, _ := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
	shown, ok := r.valid[text]
	what := request.Method + " " + request.URL.String()
	ok = ok && (r.life == 0 || r.served <= shown.at+r.life || r.justRenewed(what, shown))
	for _, about := range repositoriesOf(request) {
		ok = ok && about != r.denied && strings.Contains(shown.scopes, "repository:"+about+":")
	}
	if !ok {
		r.refused[what] = append(r.refused[what], r.served)
	}
	return ok
}

// justRenewed says whether a token was issued for a request that was refused before. Real tokens live for minutes:
// on a busy machine one that lives for some requests may be too old before its worker shows it the first time.
func (r *tokenRegistry) justRenewed(what string, shown token) bool {
	i := slices.IndexFunc(r.refused[what], func(at int) bool { return at <= shown.at })
	if i >= 0 {
		r.refused[what] = slices.Delete(r.refused[what], i, i+1)
	}
	return i >= 0
}

// repositoriesOf a request are the one it is to and the one from which it mounts.
func repositoriesOf(request *http.Request) []string {
	var all []string
	if path := inRepository.FindStringSubmatch(request.URL.Path); path != nil {
		all = append(all, path[1])
	}
	if from := request.URL.Query().Get("from"); from != "" {
		all = append(all, from)
	}
	return all
}
