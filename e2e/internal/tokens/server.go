// Package tokens is a token server for a real registry, so that tests can say who may do what
// there, and for how long.
package tokens

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// leeway is how long a registry takes a token after it has expired.
// https://github.com/distribution/distribution/blob/v3.0.0/registry/auth/token/token.go#L24
const leeway = time.Minute

// Server gives tokens to those who have a password. It answers as the specification says, to GET
// only, as ghcr.io does:
// https://distribution.github.io/distribution/spec/auth/token/
type Server struct {
	signer *signer

	mu       sync.Mutex
	accounts map[string]Account
	asked    []Request
}

// Account is somebody with a password.
type Account struct {
	Password string
	// May says what is allowed. Nil: everything.
	May func(repository, action string) bool
	// Life is how long the registry takes a token, give or take half a second. Zero: five minutes.
	Life time.Duration
}

// Request is one that somebody made for a token.
type Request struct {
	// User is empty for who showed no password.
	User string
	// Scopes as they were asked for.
	Scopes []string
	// Query is the URL's.
	Query string
	// Status of the answer.
	Status int
}

// New is a token server that knows nobody yet.
func New() (*Server, error) {
	signer, err := newSigner()
	if err != nil {
		return nil, err
	}
	return &Server{signer: signer, accounts: map[string]Account{}}, nil
}

// Issuer and Service are what the registry must be told of the server, and Certificate, as PEM, is
// by what it knows the server's tokens.
const (
	Issuer  = "eval-images-e2e"
	Service = "registry"
)

// Certificate is by what the registry knows the server's tokens, as PEM.
func (s *Server) Certificate() []byte { return s.signer.pem }

// Let makes an account, or changes it.
func (s *Server) Let(user string, account Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[user] = account
}

// Requests of a user so far.
func (s *Server) Requests(user string) []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.asked), func(asked Request) bool { return asked.User != user })
}

// ServeHTTP gives a token. Whoever may do less than what is asked for gets one for that, and the
// registry will say no.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, password, _ := r.BasicAuth()
	account, known := s.accounts[user]
	status := http.StatusOK
	switch {
	case r.Method != http.MethodGet:
		status = http.StatusMethodNotAllowed
	case !known || account.Password != password:
		status = http.StatusUnauthorized
	}
	asked := Request{User: user, Scopes: strings.Fields(strings.Join(r.URL.Query()["scope"], " ")), Query: r.URL.RawQuery, Status: status}
	s.asked = append(s.asked, asked)
	if status != http.StatusOK {
		w.WriteHeader(status)
		return
	}
	token, err := s.signer.sign(account.claims(user, asked.Scopes))
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	// A client that goes by expires_in asks again in time. It is left out, as some servers do: then
	// a client is to think of a minute.
	_ = json.NewEncoder(w).Encode(map[string]string{"token": token})
}

// access is what a token says that its bearer may do.
// https://distribution.github.io/distribution/spec/auth/jwt/
type access struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// grant is what is allowed of these scopes, each of them "repository:NAME:ACTION,ACTION".
func (a Account) grant(scopes []string) []access {
	granted := []access{}
	for _, scope := range scopes {
		kind, rest, _ := strings.Cut(scope, ":")
		name, actions, ok := strings.Cut(rest, ":")
		if !ok || kind != "repository" {
			continue
		}
		allowed := slices.DeleteFunc(strings.Split(actions, ","), func(action string) bool { return a.May != nil && !a.May(name, action) })
		granted = append(granted, access{kind, name, allowed})
	}
	return granted
}

func (a Account) claims(user string, scopes []string) map[string]any {
	life := a.Life
	if life == 0 {
		life = 5 * time.Minute
	}
	now := time.Now()
	return map[string]any{
		"iss": Issuer, "aud": Service, "sub": user, "access": a.grant(scopes),
		"nbf": now.Unix(), "iat": now.Unix(), "exp": now.Add(life - leeway).Round(time.Second).Unix(),
	}
}
