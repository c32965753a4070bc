package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/hub/hubtest"
	"dagger/eval-images/dial"
)

func TestATokenOpensGatedAndPrivateDatasets(t *testing.T) {
	bed := newTestbed(t)
	files := hubtest.Files{"test.jsonl": lines("a")}
	bed.Commit("o/gated", "main", files)
	bed.Gate("o/gated", reader)
	bed.Commit("o/private", "main", files)
	bed.Hide("o/private", reader)
	for _, name := range []string{"o/gated", "o/private"} {
		bed.client.Token = ""
		_, _, err := bed.read(t, Part{Name: name, Split: "test"})
		require.ErrorContains(t, err, "401 Unauthorized")
		assert.Contains(t, Advice(err), "--hub-token")
		bed.client.Token = stranger
		_, _, err = bed.read(t, Part{Name: name, Split: "test"})
		require.Error(t, err)
		assert.Contains(t, Advice(err), "user of --hub-token")
		bed.client.Token = reader + "\n" // as files have it
		ids, _, err := bed.read(t, Part{Name: name, Split: "test"})
		require.NoError(t, err)
		assert.Equal(t, []string{"a"}, ids)
	}
}

// TestATokenGoesToTheHubAlone: in one header of requests to the hub's own address, and not to a
// storage, which here is another port of the same host.
func TestATokenGoesToTheHubAlone(t *testing.T) {
	bed := newTestbed(t)
	bed.Commit("old/n", "main", hubtest.Files{"test.jsonl": lines("a")})
	bed.Rename("old/n", "o/n")
	bed.client.Token = reader
	_, _, err := bed.read(t, Part{Name: "old/n", Split: "test"})
	require.NoError(t, err)
	hub, storage := 0, 0
	for _, request := range bed.Requests() {
		if "http://"+request.Host == string(bed.client.Address) {
			hub++
			assert.Equal(t, []string{"Bearer " + reader}, request.Header["Authorization"])
			request.Header.Del("Authorization")
		} else {
			storage++
		}
		assert.NotContains(t, fmt.Sprint(request.URL, request.Header), reader)
	}
	assert.Equal(t, []int{4, 1}, []int{hub, storage}, "the commit and the file, each by both names; and the storage")
}

// TestARedirectDoesNotForwardTheToken: to a subdomain, to another port, or to the same host without
// encryption.
func TestARedirectDoesNotForwardTheToken(t *testing.T) {
	for address, with := range map[string]bool{
		"https://hub.example/api/datasets/o/n": true, "https://hub.example/": true, "https://cdn.hub.example/": false,
		"https://hub.example:8443/": false, "http://hub.example/": false, "https://hub.example.evil/": false, "https://evil.example/hub.example": false,
	} {
		var got []string
		next := transportFunc(func(r *http.Request) (*http.Response, error) {
			got = r.Header["Authorization"]
			return nil, http.ErrServerClosed
		})
		connection, err := Client{Address: "https://hub.example", Token: reader, Transport: next}.connect("o/n")
		require.NoError(t, err)
		request, err := http.NewRequest(http.MethodGet, address, nil)
		require.NoError(t, err)
		_, err = connection.client.Transport.RoundTrip(request)
		require.ErrorIs(t, err, http.ErrServerClosed)
		assert.Equal(t, with, got != nil, address)
		assert.Empty(t, request.Header["Authorization"], "the request itself stays without, as redirects copy its headers")
	}
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRedirectsAreFollowedWithinBounds(t *testing.T) {
	tests := map[string]struct {
		from, to string
		before   int
		followed bool
	}{
		"to a storage":                    {"https://hub.example/f", "https://storage.example/f", 1, true},
		"of a mirror without encryption":  {"http://hub.example/f", "http://storage.example/f", 1, true},
		"from encryption to none":         {"https://hub.example/f", "http://storage.example/f", 1, false},
		"the last of several":             {"https://hub.example/f", "https://storage.example/f", maxRedirects, true},
		"one more":                        {"https://hub.example/f", "https://storage.example/f", maxRedirects + 1, false},
		"from none to encryption is fine": {"http://hub.example/f", "https://storage.example/f", 1, true},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			next, err := http.NewRequest(http.MethodGet, test.to, nil)
			require.NoError(t, err)
			first, err := http.NewRequest(http.MethodGet, test.from, nil)
			require.NoError(t, err)
			before := make([]*http.Request, test.before)
			for i := range before {
				before[i] = first
			}
			assert.Equal(t, test.followed, follow(next, before) == nil)
		})
	}
	t.Run("in a circle they end, and are not tried again", func(t *testing.T) {
		bed := newTestbed(t)
		for range 100 {
			bed.Fail(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) })
		}
		_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
		require.ErrorContains(t, err, "the hub redirects too often")
		assert.Len(t, bed.Requests(), maxRedirects+1)
	})
}

func TestATokenNeedsEncryptionOutsideOfAPrivateNetwork(t *testing.T) {
	for address, fine := range map[Address]bool{
		"https://hub.example": true, "": true, "http://localhost:8080": true, "http://127.0.0.1": true, "http://172.17.0.1:8080": true,
		"http://hub.local": true, "http://hub.example": false, "http://8.8.8.8": false, "http://huggingface.co": false,
	} {
		_, err := Client{Address: address, Token: reader}.connect("o/n")
		assert.Equal(t, fine, err == nil, address)
		_, err = Client{Address: address}.connect("o/n")
		assert.NoError(t, err, address)
	}
}

func TestATokenHasPrintableASCII(t *testing.T) {
	_, err := Client{Token: "!hf_~"}.connect("o/n")
	require.NoError(t, err)
	for _, token := range []string{"hf_\x7f", "hf \x20_", "hf_\u00a1"} {
		_, err := Client{Token: token}.connect("o/n")
		require.EqualError(t, err, "--hub-token contains characters that are not valid in a token")
	}
}

// TestATokenAppearsInNoError: neither in errors about it, nor if the hub repeats it.
func TestATokenAppearsInNoError(t *testing.T) {
	for what, token := range map[string]string{"a line": reader + "\r\nX-Evil: 1", "a space": reader + " x", "a letter": reader + "é"} {
		t.Run("one with "+what, func(t *testing.T) {
			bed := newTestbed(t)
			bed.client.Token = token
			_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
			require.EqualError(t, err, "--hub-token contains characters that are not valid in a token")
			assert.Empty(t, bed.Requests())
		})
	}
	answers := map[string]http.HandlerFunc{
		"an error": func(w http.ResponseWriter, r *http.Request) {
			hubtest.Refuse(w, http.StatusForbidden, "", "You sent "+r.Header.Get("Authorization"))
		},
		"an error, escaped": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"error": "%s"}`, strings.ReplaceAll(r.Header.Get("Authorization"), "hf", `\u0068f`))
		},
		"a commit": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"sha": %q}`, r.Header.Get("Authorization"))
		},
		"a header that is none": func(w http.ResponseWriter, r *http.Request) {
			connection, _, err := w.(http.Hijacker).Hijack()
			if assert.NoError(t, err) {
				_, _ = connection.Write([]byte("HTTP/1.1 200 OK\r\n" + r.Header.Get("Authorization") + "\r\n\r\n"))
				_ = connection.Close()
			}
		},
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "ftp://"+r.Header.Get("Authorization"))
			w.WriteHeader(http.StatusFound)
		},
	}
	for what, answer := range answers {
		t.Run("a hub that repeats it in "+what, func(t *testing.T) {
			bed := newTestbed(t)
			bed.client.Token = reader
			var reports []string
			bed.client.Report = func(line string) { reports = append(reports, line) }
			for range attempts {
				bed.Fail(answer)
			}
			_, _, err := bed.read(t, Part{Name: "o/n", Split: "test"})
			require.Error(t, err)
			assert.NotContains(t, err.Error()+Advice(err)+fmt.Sprint(reports), reader)
		})
	}
}

// TestTheEnvironmentsProxyIsUsed: Go reads it once, so this test starts a separate process.
func TestTheEnvironmentsProxyIsUsed(t *testing.T) {
	if address := os.Getenv("HUB_BEHIND_PROXY"); address != "" {
		rows, _, err := Client{Address: Address(address)}.Read(context.Background(), Part{Name: "o/n", Split: "test"})
		require.NoError(t, err)
		require.Len(t, rows, 1)
		return
	}
	var hub hubtest.Hub
	hub.Commit("o/n", "main", hubtest.Files{"test.jsonl": lines("a")})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "hub.invalid", r.Host)
		r.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath}
		hub.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	again := exec.Command(os.Args[0], "-test.run=^TestTheEnvironmentsProxyIsUsed$")
	again.Env = append(os.Environ(), "HUB_BEHIND_PROXY=http://hub.invalid", "HTTP_PROXY="+proxy.URL, "NO_PROXY=", "no_proxy=")
	out, err := again.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Len(t, hub.Requests(), 2)
}

func TestTheNetworkOfAClientSendsItsRequests(t *testing.T) {
	asked := errors.New("its proxy was asked for")
	network := &dial.Network{Proxy: func(*http.Request) (*url.URL, error) { return nil, asked }}
	for what, client := range map[string]Client{"its own": {Network: network}, "none, but a transport": {Network: network, Transport: http.DefaultTransport}} {
		connection, err := client.connect("o/n")
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://huggingface.co/", nil)
		require.NoError(t, err)
		_, err = connection.client.Transport.RoundTrip(request)
		assert.Equal(t, what == "its own", errors.Is(err, asked), what)
	}
}

// TestAHubCannotRedirectInside: its files may be on another host, but on none that is nearer than
// the hub.
func TestAHubCannotRedirectInside(t *testing.T) {
	for _, place := range []string{"https://10.0.0.1/f", "https://localhost/f", "https://[::1]/f", "https://169.254.169.254/f", "https://metadata/f"} {
		var asked []string
		next := transportFunc(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.Host)
			return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {place}}, Body: http.NoBody, Request: r}, nil
		})
		_, _, err := Client{Address: "https://hub.example", Token: reader, Transport: next}.Read(context.Background(), Part{Name: "o/n", Split: "test"})
		require.ErrorContains(t, err, "hub.example, at a public address, refers to ")
		assert.NotEmpty(t, Advice(err))
		assert.Equal(t, []string{"hub.example"}, asked, "once, and nobody else")
	}
}
