package registry

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/pipeline/registry/transport"
)

// world has servers at any addresses, by scheme and host, and keeps what it is asked and with which
// credentials.
type world struct {
	servers map[string]http.Handler
	fails   map[string]error

	mu    sync.Mutex
	asked []string // scheme, host, method and path
	shown []string // the same of requests with credentials
}

// RoundTrip has the server answer.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	at := r.URL.Scheme + "://" + r.URL.Host
	w.mu.Lock()
	what := r.Method + " " + at + r.URL.Path
	w.asked = append(w.asked, what)
	if r.Header.Get("Authorization") != "" {
		w.shown = append(w.shown, what)
	}
	w.mu.Unlock()
	if err := w.fails[at]; err != nil {
		return nil, err
	}
	server, ok := w.servers[at]
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	answer := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	server.ServeHTTP(answer, r)
	response := answer.Result()
	response.Request = r
	return response, nil
}

// to are the requests to a host, by whatever scheme.
func (w *world) to(host string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, what := range w.asked {
		if strings.Contains(what, "://"+host+"/") {
			all = append(all, what)
		}
	}
	return all
}

var (
	plainAnswer = tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake", RecordHeader: [5]byte([]byte("HTTP/"))}
	reset       = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
)

// always gives this answer.
func always(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { registrytest.Answer(status, body)(w, r, nil) })
}

// TestCredentialsGoByTLS: whoever breaks a connection, or is quicker, does not get to read them.
func TestCredentialsGoByTLS(t *testing.T) {
	for _, host := range []string{
		"10.0.0.5:5000", "172.17.0.2:5000", "192.168.1.1", "registry.local:5000", "registry:5000", "registry.example", "ghcr.io",
		"127.0.0.1.evil.example", "[2001:4860::1]:5000", "[fd12::1]:5000", "100.64.0.1:5000",
	} {
		for name, tls := range map[string]error{"reset": reset, "refused": nil, "answered by plain HTTP": plainAnswer} {
			t.Run(host+", "+name, func(t *testing.T) {
				w := &world{servers: map[string]http.Handler{"http://" + host: registrytest.Basic(registrytest.Memory())}, fails: map[string]error{"https://" + host: tls}}
				_, err := Access{Username: "me", Password: registrytest.Password, Transport: w}.Connect(ctx, host+"/agent")
				require.Error(t, err)
				assert.Empty(t, w.shown)
				assert.NotContains(t, strings.Join(w.asked, "\n"), "http://")
			})
		}
	}
}

// TestTheSchemeDoesNotDependOnSpeed: the library takes plain HTTP if TLS has not answered within
// 300 ms.
func TestTheSchemeDoesNotDependOnSpeed(t *testing.T) {
	const host = "10.0.0.5:5000"
	memory := registrytest.Memory()
	plain := make(chan struct{})
	var once sync.Once
	w := &world{servers: map[string]http.Handler{
		"https://" + host: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-plain:
			case <-time.After(600 * time.Millisecond):
			}
			registrytest.Basic(memory).ServeHTTP(w, r)
		}),
		"http://" + host: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			once.Do(func() { close(plain) })
			registrytest.Basic(memory).ServeHTTP(w, r)
		}),
	}}
	client, err := Access{Username: "me", Password: registrytest.Password, Transport: w}.Connect(ctx, host+"/agent")
	require.NoError(t, err)
	_, err = client.Find(ctx, host+"/agent:x")
	require.ErrorIs(t, err, classify.ErrAbsent)
	assert.Equal(t, []string{"GET https://" + host + "/v2/", "GET https://" + host + "/v2/agent/manifests/x"}, w.asked)
}

// TestAPlainRegistryWithoutCredentials is common in a private network.
func TestAPlainRegistryWithoutCredentials(t *testing.T) {
	find := func(host string, tls error) (*world, error) {
		w := &world{servers: map[string]http.Handler{"http://" + host: registrytest.Memory()}, fails: map[string]error{"https://" + host: tls}}
		client, err := Access{Transport: w}.Connect(ctx, host+"/agent")
		if err == nil {
			_, err = client.Find(ctx, host+"/agent:x")
		}
		return w, err
	}
	for _, host := range []string{"172.17.0.2:5000", "10.0.0.5:5000", "registry.local:5000", "[fd12::1]:5000"} {
		t.Run(host+" is reached", func(t *testing.T) {
			w, err := find(host, plainAnswer)
			require.ErrorIs(t, err, classify.ErrAbsent)
			assert.Equal(t, []string{"GET https://" + host + "/v2/", "GET http://" + host + "/v2/", "GET http://" + host + "/v2/agent/manifests/x"}, w.asked)
		})
		for name, failed := range map[string]error{"is cut": reset, "is refused": nil} {
			t.Run(host+" is not, if TLS "+name, func(t *testing.T) {
				w, err := find(host, failed)
				require.Error(t, err)
				assert.Equal(t, []string{"GET https://" + host + "/v2/"}, w.asked)
			})
		}
	}
	for _, host := range []string{"registry.example:5000", "8.8.8.8:5000", "registry:5000", "127.0.0.1.evil.example", "[2001:4860::1]:5000"} {
		t.Run(host+" is not", func(t *testing.T) {
			w, err := find(host, plainAnswer)
			require.ErrorIs(t, err, transport.ErrPlainHTTP)
			require.ErrorContains(t, err, "the registry speaks plain HTTP")
			assert.Equal(t, classify.Permanent, classify.Of(err).Class)
			assert.Equal(t, []string{"GET https://" + host + "/v2/"}, w.asked)
		})
	}
	for _, host := range []string{"localhost:5000", "127.0.0.1:5000", "[::1]:5000", "127.9.9.9"} {
		for name, failed := range map[string]error{"answered by plain HTTP": plainAnswer, "cut": reset, "refused": nil} {
			t.Run(host+" is reached, with credentials too, if TLS is "+name, func(t *testing.T) {
				w := &world{servers: map[string]http.Handler{"http://" + host: registrytest.Basic(registrytest.Memory())}, fails: map[string]error{"https://" + host: failed}}
				client, err := Access{Username: "me", Password: registrytest.Password, Transport: w}.Connect(ctx, host+"/agent")
				require.NoError(t, err)
				_, err = client.Find(ctx, host+"/agent:x")
				require.ErrorIs(t, err, classify.ErrAbsent)
				assert.Len(t, w.asked, 3)
			})
		}
	}
	t.Run("a loopback registry with a certificate that is not valid is not asked by plain HTTP", func(t *testing.T) {
		const host = "localhost:5000"
		w := &world{
			servers: map[string]http.Handler{"http://" + host: registrytest.Memory()},
			fails:   map[string]error{"https://" + host: &tls.CertificateVerificationError{Err: errors.New("x509: unknown authority")}},
		}
		_, err := Access{Transport: w}.Connect(ctx, host+"/agent")
		require.ErrorContains(t, err, "x509: unknown authority")
		assert.Len(t, w.asked, 1)
	})
	t.Run("a loopback registry that speaks TLS is not taken for a plain one, if its answer is lost", func(t *testing.T) {
		const host = "127.0.0.1:5000"
		w := &world{
			servers: map[string]http.Handler{"http://" + host: always(http.StatusBadRequest, "the plain HTTP request was sent to HTTPS port")},
			fails:   map[string]error{"https://" + host: reset},
		}
		_, err := Access{Transport: w}.Connect(ctx, host+"/agent")
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func TestPlainHTTPOnRequest(t *testing.T) {
	for _, host := range []string{"registry.example:5000", "10.0.0.5:5000", "localhost:5000"} {
		w := &world{servers: map[string]http.Handler{"http://" + host: registrytest.Basic(registrytest.Memory())}}
		client, err := Access{Username: "me", Password: registrytest.Password, PlainHTTP: true, Transport: w}.Connect(ctx, host+"/agent")
		require.NoError(t, err)
		_, err = client.Find(ctx, host+"/agent:x")
		require.ErrorIs(t, err, classify.ErrAbsent)
		assert.Equal(t, []string{"GET http://" + host + "/v2/", "GET http://" + host + "/v2/agent/manifests/x"}, w.asked)
	}
}

// withTokensFrom is a registry that names this token server.
func withTokensFrom(realm string, registry http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer given" {
			registrytest.Challenge("Bearer", realm)(w, r)
			return
		}
		registry.ServeHTTP(w, r)
	})
}

// TestTokenServers: the registry says where its token server is, and the client goes there with the
// password.
func TestTokenServers(t *testing.T) {
	gives := always(http.StatusOK, `{"token":"given"}`)
	connect := func(registry, realm string, access Access) (*world, error) {
		w := &world{servers: map[string]http.Handler{}}
		for _, scheme := range []string{"http://", "https://"} {
			w.servers[scheme+registry] = withTokensFrom(realm, registrytest.Memory())
			host, _, _ := strings.Cut(realm[strings.Index(realm, "//")+2:], "/")
			if host != registry {
				w.servers[scheme+host] = gives
			} else {
				w.servers[scheme+registry] = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/token" {
						gives.ServeHTTP(rw, r)
						return
					}
					withTokensFrom(realm, registrytest.Memory()).ServeHTTP(rw, r)
				})
			}
		}
		if strings.HasPrefix(registry, "localhost") {
			w.fails = map[string]error{"https://" + registry: plainAnswer}
		}
		access.Transport = w
		client, err := access.Connect(ctx, registry+"/agent")
		if err == nil {
			_, err = client.Find(ctx, registry+"/agent:x")
		}
		return w, err
	}
	login := Access{Username: "me", Password: registrytest.Password}
	for name, test := range map[string]struct{ registry, realm string }{
		"the registry's own":                        {"registry.example", "https://registry.example/token"},
		"another public one":                        {"registry.example", "https://auth.example/token"},
		"the registry's own, which says http":       {"registry.example", "http://registry.example/token"},
		"a private registry's own":                  {"10.0.0.5", "https://10.0.0.5/token"},
		"a private registry's, at a private host":   {"10.0.0.5", "https://10.0.0.6/token"},
		"a private registry's, at a public host":    {"10.0.0.5", "https://auth.example/token"},
		"a loopback registry's, at a loopback host": {"localhost:5000", "http://127.0.0.1:5001/token"},
	} {
		t.Run(name, func(t *testing.T) {
			w, err := connect(test.registry, test.realm, login)
			require.ErrorIs(t, err, classify.ErrAbsent)
			if !strings.HasPrefix(test.registry, "localhost") {
				assert.NotContains(t, strings.Join(w.asked, "\n"), "http://")
			}
		})
	}
	for name, test := range map[string]struct{ registry, realm, says string }{
		"without TLS":                         {"registry.example", "http://auth.example/token", "uses TLS, but refers to"},
		"without TLS, at a private host":      {"10.0.0.5", "http://10.0.0.6/token", "uses TLS, but refers to"},
		"at a private address":                {"registry.example", "https://10.0.0.1/token", "a private address"},
		"at a loopback address":               {"registry.example", "https://[::1]/token", "a loopback address"},
		"at localhost":                        {"registry.example", "https://localhost:5000/token", "a loopback address"},
		"at a metadata service":               {"registry.example", "https://169.254.169.254/token", "a link-local or reserved address"},
		"at a mapped address":                 {"registry.example", "https://[::ffff:a9fe:a9fe]/token", "a link-local or reserved address"},
		"at 0.0.0.0":                          {"registry.example", "https://0.0.0.0/token", "a loopback address"},
		"at a number":                         {"registry.example", "https://2130706433/token", "a link-local or reserved address"},
		"at a name of the network":            {"registry.example", "https://metadata.google.internal/token", "a private address"},
		"a private registry's, at localhost":  {"10.0.0.5", "https://localhost/token", "a loopback address"},
		"a private registry's, link-local":    {"10.0.0.5", "https://169.254.169.254/token", "a link-local or reserved address"},
		"a loopback registry's, link-local":   {"localhost:5000", "https://169.254.169.254/token", "a link-local or reserved address"},
		"a loopback registry's, without TLS":  {"localhost:5000", "http://10.0.0.6/token", "credentials would go to"},
		"a loopback registry's, at any place": {"localhost:5000", "http://auth.example/token", "credentials would go to"},
	} {
		t.Run("not one "+name, func(t *testing.T) {
			w, err := connect(test.registry, test.realm, login)
			require.ErrorContains(t, err, test.says)
			registrytest.RequireLine(t, err.Error(), registrytest.MaxText)
			assert.Equal(t, classify.Permanent, classify.Of(err).Class)
			host, _, _ := strings.Cut(test.realm[strings.Index(test.realm, "//")+2:], "/")
			assert.Empty(t, w.to(host))
			assert.Empty(t, w.shown)
		})
	}
	t.Run("without TLS, on request", func(t *testing.T) {
		login.PlainHTTP = true
		w, err := connect("registry.example", "http://auth.example/token", login)
		require.ErrorIs(t, err, classify.ErrAbsent)
		assert.Len(t, w.to("auth.example"), 1)
	})
}

// TestATokenAnswerStaysUnsaid: it may be a secret, or a page of some other service.
func TestATokenAnswerStaysUnsaid(t *testing.T) {
	for name, body := range map[string]string{
		"no token":            `{"Code":"Success","SecretAccessKey":"` + registrytest.Password + `"}`,
		"another type":        `{"token":51051051051}`,
		"a long number":       `{"token":"x","expires_in":51051051051051051051051}`,
		"an object":           `{"token":{"` + registrytest.Password + `":1}}`,
		"a list":              `["` + registrytest.Password + `"]`,
		"no JSON":             registrytest.Password + strings.Repeat("x", 1<<20),
		"a text of many rows": "{\n\"secret\":\"" + registrytest.Password + "\"\n}",
	} {
		t.Run(name, func(t *testing.T) {
			w := &world{servers: map[string]http.Handler{
				"https://registry.example": withTokensFrom("https://auth.example/token", registrytest.Memory()),
				"https://auth.example":     always(http.StatusOK, body),
			}}
			_, err := Access{Transport: w}.Connect(ctx, "registry.example/agent")
			require.Error(t, err)
			registrytest.RequireLine(t, err.Error(), registrytest.MaxText)
			assert.NotContains(t, err.Error(), registrytest.Password)
			assert.NotContains(t, err.Error(), "51051")
		})
	}
}

// inner are places in a network that a public registry has no business with.
var inner = []string{
	"https://10.0.0.1", "https://127.0.0.1:5000", "https://localhost:5000", "https://[::1]", "https://169.254.169.254", "https://0.0.0.0",
	"https://[::ffff:127.0.0.1]", "https://metadata.google.internal", "https://100.64.0.1", "http://storage.example",
}

// TestARegistryDoesNotSendUsInside: neither by where an upload goes on nor by a redirect, of
// whatever it is asked.
func TestARegistryDoesNotSendUsInside(t *testing.T) {
	for name, rule := range map[string]func(to string) registrytest.Rule{
		"an upload": func(to string) registrytest.Rule {
			return registrytest.Rule{Method: http.MethodPost, Skip: 3, Fault: registrytest.Answer(http.StatusAccepted, "", "Location", to+"/x")}
		},
		"a mount": func(to string) registrytest.Rule {
			return registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(http.StatusAccepted, "", "Location", to+"/x")}
		},
		"a redirected mount": func(to string) registrytest.Rule {
			return registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(http.StatusTemporaryRedirect, "", "Location", to+"/x")}
		},
		"a redirected manifest": func(to string) registrytest.Rule {
			return registrytest.Rule{Method: http.MethodPut, Path: "/manifests/", Fault: registrytest.Answer(http.StatusTemporaryRedirect, "", "Location", to+"/x")}
		},
	} {
		for _, to := range inner {
			t.Run(name+" to "+to, func(t *testing.T) {
				b, w, client := publicRegistry(t)
				composed := composedOn(t, b, client, "one", addition(t, b, client))
				for _, host := range inner {
					w.servers[host] = always(http.StatusCreated, "")
				}
				b.Proxy.Script(rule(to))
				err := client.Put(ctx, composed, b.Reference("agent:one"))
				require.ErrorContains(t, err, "registry.example")
				registrytest.RequireLine(t, err.Error(), registrytest.MaxText)
				assert.Empty(t, w.to(to[strings.Index(to, "//")+2:]))
				assert.Equal(t, classify.Permanent, classify.Of(err).Class)
			})
		}
	}
	for name, get := range map[string]func(*Client, registrytest.Bed, *oci.Composed) error{
		"a manifest": func(c *Client, b registrytest.Bed, _ *oci.Composed) error {
			_, err := c.Find(ctx, b.Reference("agent:x"))
			return err
		},
		"a config": func(c *Client, b registrytest.Bed, _ *oci.Composed) error {
			_, err := c.Image(ctx, b.Reference("base:two"))
			return err
		},
		"a layer": func(c *Client, _ registrytest.Bed, composed *oci.Composed) error {
			_, err := c.openLayer(ctx, composed.Layers[0])
			return err
		},
	} {
		for _, to := range inner {
			t.Run(name+" from "+to, func(t *testing.T) {
				b, w, client := publicRegistry(t)
				composed := composedOn(t, b, client, "one", addition(t, b, client))
				b.Push(t, "base:two", registrytest.Layered(t, composed.Manifest.MediaType, "two"))
				for _, host := range inner {
					w.servers[host] = always(http.StatusOK, registrytest.Password)
				}
				path := map[string]string{"a manifest": "/manifests/x", "a config": "/base/blobs/", "a layer": "/base/blobs/"}[name]
				b.Proxy.Script(registrytest.Rule{Method: http.MethodGet, Path: path, Fault: registrytest.Answer(http.StatusTemporaryRedirect, "", "Location", to+"/x")})
				err := get(client, b, composed)
				require.ErrorContains(t, err, "registry.example")
				assert.NotContains(t, err.Error(), registrytest.Password)
				assert.Empty(t, w.to(to[strings.Index(to, "//")+2:]))
			})
		}
	}
}

// TestOnlyTheRegistryIsToldToDelete: what else stands at the place where an upload would go on,
// nobody knows.
func TestOnlyTheRegistryIsToldToDelete(t *testing.T) {
	for place, told := range map[string]bool{
		"/v2/agent/blobs/uploads/1": true, "https://registry.example/v2/agent/blobs/uploads/1": true, "https://registry.example:443/1": true,
		"https://other.example/buckets/1": false, "//other.example/buckets/1": false, "https://registry.example:8443/1": false,
		"https://10.0.0.1/1": false,
	} {
		t.Run(place, func(t *testing.T) {
			b, w, client := publicRegistry(t)
			w.servers["https://other.example"] = always(http.StatusNoContent, "")
			b.Proxy.Script(registrytest.Rule{Method: http.MethodPost, Fault: registrytest.Answer(http.StatusAccepted, "", "Location", place)})
			require.NoError(t, client.MayPush(ctx, b.Reference("agent")))
			deleted := false
			for _, what := range w.asked {
				deleted = deleted || strings.HasPrefix(what, http.MethodDelete)
			}
			assert.Equal(t, told, deleted)
		})
	}
	t.Run("nor by a redirect", func(t *testing.T) {
		b, w, client := publicRegistry(t)
		w.servers["https://other.example"] = always(http.StatusNoContent, "")
		b.Proxy.Script(registrytest.Rule{Method: http.MethodDelete, Fault: registrytest.Answer(http.StatusTemporaryRedirect, "", "Location", "https://other.example/1")})
		require.NoError(t, client.MayPush(ctx, b.Reference("agent")))
		assert.Empty(t, w.to("other.example"))
	})
}

// TestAnUploadMayGoOnAtAnotherPublicHost: storage of the cloud's, for instance. It gets no
// credentials.
func TestAnUploadMayGoOnAtAnotherPublicHost(t *testing.T) {
	b, w, client := publicRegistry(t)
	composed := composedOn(t, b, client, "one", addition(t, b, client))
	w.servers["https://storage.example"] = always(http.StatusCreated, "")
	b.Proxy.Script(registrytest.Rule{Method: http.MethodPost, Skip: 3, Fault: registrytest.Answer(http.StatusAccepted, "", "Location", "https://storage.example/x")})
	_ = client.Put(ctx, composed, b.Reference("agent:one")) // The registry has no config then.
	assert.Equal(t, []string{"PUT https://storage.example/x"}, w.to("storage.example"))
	assert.NotContains(t, w.shown, "PUT https://storage.example/x")
}

// publicRegistry is one at registry.example that uses TLS and wants the password.
func publicRegistry(t *testing.T) (registrytest.Bed, *world, *Client) {
	t.Helper()
	b := registrytest.NewBed(t)
	b.Host = "registry.example"
	w := &world{servers: map[string]http.Handler{"https://" + b.Host: registrytest.Basic(b.Proxy)}}
	client := connect(t, b, Access{Username: "me", Password: registrytest.Password, Transport: w})
	return b, w, client
}
