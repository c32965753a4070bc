package registry

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// stranger is a server to which a registry may send its clients, and which wants to know who they
// are.
type stranger struct {
	*httptest.Server
	answer http.HandlerFunc

	mu    sync.Mutex
	asked []string // method and path
	shown []string // credentials
}

func newStranger(t *testing.T, answer http.HandlerFunc) *stranger {
	t.Helper()
	s := &stranger{answer: answer}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Server.Close)
	return s
}

// ServeHTTP keeps what it is shown, and answers.
func (s *stranger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.Path)
	for name, values := range r.Header {
		text := name + ": " + strings.Join(values, " ")
		if name == "Authorization" || name == "Cookie" || strings.Contains(text, registrytest.Password) || strings.Contains(text, "token-") {
			s.shown = append(s.shown, text)
		}
	}
	s.mu.Unlock()
	s.answer(w, r)
}

// TestStrangersGetNoCredentials: a registry may say that an upload goes on at another host, or send
// a request there. Whoever that is gets to see neither the password nor a token, whatever it
// answers.
func TestStrangersGetNoCredentials(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"that takes it":         func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) },
		"that asks for a login": registrytest.Challenge("Basic", ""),
		"that names a token server of its own": func(w http.ResponseWriter, r *http.Request) {
			registrytest.Challenge("Bearer", "http://"+r.Host+"/token")(w, r)
		},
		"that sends it on": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/further" {
				http.Redirect(w, r, "/further", http.StatusTemporaryRedirect)
			}
		},
	}
	ways := map[string]func(at string) registrytest.Rule{
		"where an upload goes on": func(at string) registrytest.Rule {
			return registrytest.Rule{Method: http.MethodPost, Skip: 3, Fault: registrytest.Answer(http.StatusAccepted, "", "Location", at+"/upload")}
		},
		"where an upload is given up": func(at string) registrytest.Rule {
			return registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(http.StatusAccepted, "", "Location", at+"/upload")}
		},
		"where a manifest is to be put": func(at string) registrytest.Rule {
			return registrytest.Rule{Method: http.MethodPut, Path: "/manifests/", Fault: registrytest.Answer(http.StatusTemporaryRedirect, "", "Location", at+"/put")}
		},
		"where a layer is to be mounted": func(at string) registrytest.Rule {
			return registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(http.StatusPermanentRedirect, "", "Location", at+"/mount")}
		},
		"by an address without a scheme": func(at string) registrytest.Rule {
			place := strings.TrimPrefix(at, "http:") + "/upload"
			return registrytest.Rule{Method: http.MethodPost, Skip: 3, Fault: registrytest.Answer(http.StatusAccepted, "", "Location", place)}
		},
		"by an address with the registry before an @": func(at string) registrytest.Rule {
			place := strings.Replace(at, "http://", "http://127.0.0.1:1@", 1) + "/upload"
			return registrytest.Rule{Method: http.MethodPost, Skip: 3, Fault: registrytest.Answer(http.StatusAccepted, "", "Location", place)}
		},
	}
	for scheme, open := range map[string]func(t *testing.T) (registrytest.Bed, Access){"a password": withPassword, "a token": withToken} {
		for place, rule := range ways {
			for which, answer := range answers {
				t.Run(scheme+", "+place+", "+which, func(t *testing.T) {
					b, access := open(t)
					client := connect(t, b, access)
					composed := composedOn(t, b, client, "one", addition(t, b, client))
					elsewhere := newStranger(t, answer)
					b.Proxy.Script(rule(elsewhere.URL))
					_ = client.Put(ctx, composed, b.Reference("agent:one")) // Whether that works is up to the stranger.

					assert.NotEmpty(t, elsewhere.asked, "the client went there")
					for _, shown := range elsewhere.shown {
						// An address may have a name and a password of its own: these are the
						// registry's words, and not secret.
						assert.Equal(t, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("127.0.0.1:1")), shown)
						assert.Contains(t, place, "@")
					}
					assert.NotContains(t, strings.Join(elsewhere.asked, "\n"), "/token", "nobody asks it for a token")
				})
			}
		}
	}
}

// withPassword is a registry that wants the password with every request.
func withPassword(t *testing.T) (registrytest.Bed, Access) {
	return registrytest.NewBasicBed(t), Access{Username: "me", Password: registrytest.Password}
}

// withToken is one that wants a token.
func withToken(t *testing.T) (registrytest.Bed, Access) {
	r := registrytest.NewTokenRegistry(t)
	return r.Bed, Access{Username: "me", Password: registrytest.Password}
}

// TestTheRegistryKeepsItsTLS: a registry behind a proxy says http of itself, as it does not know
// better. What follows goes to it by TLS.
func TestTheRegistryKeepsItsTLS(t *testing.T) {
	b := registrytest.NewBed(t)
	var plain, encrypted []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		encrypted = append(encrypted, r.Method)
		b.Proxy.ServeHTTP(w, r)
	}))
	defer server.Close()
	b.Host = strings.TrimPrefix(server.URL, "https://")
	transport := server.Client().Transport.(*http.Transport).Clone()
	client := connect(t, b, Access{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme != "https" {
			plain = append(plain, r.Method+" "+r.URL.Path)
		}
		return transport.RoundTrip(r)
	})})
	composed := composedOn(t, b, client, "one", addition(t, b, client))
	b.Proxy.Script(registrytest.Rule{Method: http.MethodPost, Skip: 3, Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		registry.ServeHTTP(downgraded{w, b.Host}, r)
	}})
	require.NoError(t, client.Put(ctx, composed, b.Reference("agent:one")))
	assert.Empty(t, plain)
	assert.Contains(t, encrypted, http.MethodPut)
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip does what the function does.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// downgraded says http of the place where an upload goes on.
type downgraded struct {
	http.ResponseWriter
	host string
}

// WriteHeader changes the place first.
func (d downgraded) WriteHeader(status int) {
	d.Header().Set("Location", "http://"+d.host+d.Header().Get("Location"))
	d.ResponseWriter.WriteHeader(status)
}
