package registrytest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestMemory: what the tests of mounts rely on.
func TestMemory(t *testing.T) {
	registry := Memory()
	const (
		text   = "hello"
		digest = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
		mount  = "/blobs/uploads/?mount=" + digest + "&from="
		image  = `{"schemaVersion":2,"config":{"digest":"` + digest + `"},"layers":[{"digest":"` + digest + `"}]}`
	)
	ask := func(method, path, body string) int {
		request := httptest.NewRequest(method, "/v2/"+path, strings.NewReader(body))
		request.Header.Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		answer := httptest.NewRecorder()
		registry.ServeHTTP(answer, request)
		return answer.Code
	}

	assert.Equal(t, http.StatusCreated, ask(http.MethodPost, "a/blobs/uploads/?digest="+digest, text))
	assert.Equal(t, http.StatusOK, ask(http.MethodGet, "a/blobs/"+digest, ""))

	assert.Equal(t, http.StatusNotFound, ask(http.MethodGet, "b/blobs/"+digest, ""), "each repository has blobs of its own")
	assert.Equal(t, http.StatusBadRequest, ask(http.MethodPut, "b/manifests/x", image), "and takes no image without its blobs")
	assert.Equal(t, http.StatusNotFound, ask(http.MethodGet, "b/manifests/x", ""))

	assert.Equal(t, http.StatusAccepted, ask(http.MethodPost, "b"+mount+"c", ""), "what is not there is not mounted")
	assert.Equal(t, http.StatusNotFound, ask(http.MethodGet, "b/blobs/"+digest, ""))
	assert.Equal(t, http.StatusCreated, ask(http.MethodPost, "b"+mount+"a", ""))
	assert.Equal(t, http.StatusOK, ask(http.MethodGet, "b/blobs/"+digest, ""))
	assert.Equal(t, http.StatusCreated, ask(http.MethodPut, "b/manifests/x", image))
}
