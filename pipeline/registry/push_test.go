package registry

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// guarded is a registry that takes one user, who may write to "mine" only.
func guarded(t *testing.T) (repository func(name string) string) {
	t.Helper()
	store := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		switch {
		case !ok || user != "me" || password != "secret":
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method != http.MethodGet && !strings.HasPrefix(r.URL.Path, "/v2/mine/"):
			w.WriteHeader(http.StatusForbidden)
		default:
			store.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return func(name string) string { return strings.TrimPrefix(server.URL, "http://") + "/" + name }
}

func TestMayPush(t *testing.T) {
	repository := guarded(t)
	ctx := context.Background()

	require.NoError(t, Access{Username: "me", Password: "secret"}.MayPush(ctx, repository("mine")))

	err := Access{Username: "me", Password: "wrong"}.MayPush(ctx, repository("mine"))
	require.ErrorIs(t, err, ErrRefused)
	require.ErrorContains(t, err, "401 Unauthorized")
	assert.NotContains(t, err.Error(), "wrong", "a password is not for error messages")

	err = Access{Username: "me", Password: "secret"}.MayPush(ctx, repository("yours"))
	require.ErrorIs(t, err, ErrRefused)
	require.ErrorContains(t, err, "403 Forbidden")
}

func TestMayPushDoesNotKnow(t *testing.T) {
	t.Run("where nothing answers", func(t *testing.T) {
		err := Access{}.MayPush(context.Background(), "127.0.0.1:1/mine")
		require.Error(t, err)
		assert.NotErrorIs(t, err, ErrRefused)
	})
	t.Run("when told to stop", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		err := Access{Username: "me", Password: "secret"}.MayPush(ctx, guarded(t)("mine"))
		require.ErrorIs(t, err, context.Canceled)
	})
}
