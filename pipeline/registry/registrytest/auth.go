package registrytest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Password of the user "me". It must not be in any error.
const Password = "canary-51d0"

// Challenge is an answer that asks for credentials.
func Challenge(scheme, realm string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf("%s realm=%q,service=\"registry\"", scheme, realm))
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// Basic is a registry that wants the password with every request.
func Basic(registry http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, given, _ := r.BasicAuth(); user != "me" || given != Password {
			Challenge("Basic", "test")(w, r)
			return
		}
		registry.ServeHTTP(w, r)
	})
}

// NewBasicBed is [NewBed] with a registry that wants the password with every request. The test
// itself reaches it without.
func NewBasicBed(t *testing.T) Bed {
	t.Helper()
	b := NewBed(t)
	server := httptest.NewServer(Basic(b.Proxy))
	t.Cleanup(server.Close)
	b.Host = strings.TrimPrefix(server.URL, "http://")
	return b
}
