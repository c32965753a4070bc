package registrytest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFaults: what a client sees of those that end a connection.
func TestFaults(t *testing.T) {
	var served atomic.Int32
	registry := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		served.Add(1)
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, "0123456789")
	})
	proxy := New(registry)
	server := httptest.NewServer(proxy)
	defer server.Close()
	post := func(t *testing.T, fault Fault) (*http.Response, error) {
		t.Helper()
		served.Store(0)
		proxy.Script(Rule{Fault: fault})
		answer, err := http.Post(server.URL, "", nil) // Go sends a POST once: it may have been served.
		if err == nil {
			t.Cleanup(func() { answer.Body.Close() })
		}
		return answer, err
	}
	t.Run("a torn answer is less than was declared", func(t *testing.T) {
		answer, err := post(t, Torn())
		require.NoError(t, err)
		assert.Equal(t, http.StatusCreated, answer.StatusCode)
		body, err := io.ReadAll(answer.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.Equal(t, "01234", string(body))
	})
	t.Run("a cut request is not served", func(t *testing.T) {
		_, err := post(t, Cut(1))
		require.ErrorIs(t, err, io.EOF)
		assert.Zero(t, served.Load())
	})
	t.Run("a lost answer is none, to what was done", func(t *testing.T) {
		_, err := post(t, Lost())
		require.ErrorIs(t, err, io.EOF)
		assert.EqualValues(t, 1, served.Load())
		server.Close() // It notes a request after its end.
		require.Len(t, proxy.Requests(), 1)
		assert.Zero(t, proxy.Requests()[0].Status)
	})
}

func TestTokens(t *testing.T) {
	tokens := &Tokens{Registry: http.NotFoundHandler(), Good: 2}
	ask := func(path, token string) *httptest.ResponseRecorder {
		request, answer := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
		request.Header.Set("Authorization", "Bearer "+token)
		tokens.ServeHTTP(answer, request)
		return answer
	}
	asked := ask("/v2/", "none")
	assert.Equal(t, http.StatusUnauthorized, asked.Code)
	assert.Equal(t, `Bearer realm="http://example.com/token",service="test"`, asked.Header().Get("WWW-Authenticate"))
	assert.JSONEq(t, `{"token":"token-1"}`, ask("/token", "").Body.String())
	for _, status := range []int{http.StatusNotFound, http.StatusNotFound, http.StatusUnauthorized, http.StatusNotFound} {
		assert.Equal(t, status, ask("/v2/", "token-1").Code)
	}
	assert.Equal(t, http.StatusUnauthorized, ask("/v2/other", "token-1").Code)
	assert.Equal(t, 1, tokens.Issued())
}
