package registry

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProxyCountsBothDirections(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.Equal(t, "upload", string(body))
		_, _ = io.WriteString(w, r.Host)
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "registry")
	require.NoError(t, os.WriteFile(file, []byte(strings.TrimPrefix(server.URL, "http://")+"\n"), 0o644))
	client, err := Open(file)
	require.NoError(t, err)
	proxy, err := client.StartProxy()
	require.NoError(t, err)
	defer proxy.Stop()

	answer, err := http.Post("http://"+proxy.Address, "text/plain", strings.NewReader("upload"))
	require.NoError(t, err)
	defer answer.Body.Close()
	host, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	assert.Equal(t, proxy.Address, string(host), "the registry sends uploads on to the proxy")
	down, up := proxy.Traffic()
	assert.EqualValues(t, len(host), down)
	assert.EqualValues(t, len("upload"), up)
}

func TestOpenRefusesAMissingFile(t *testing.T) {
	_, err := Open(filepath.Join(t.TempDir(), "registry"))
	assert.ErrorContains(t, err, "finding the local registry")
}
