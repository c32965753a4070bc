package registry

import (
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestAlike: that nobody knows is an answer, and no reason to ask again. A registry in trouble gives none.
func TestAlike(t *testing.T) {
	b := newTestbed(t)
	sharing := &Sharing{Client: b.connect(t, Access{})}
	b.push(t, "base:x", layered(t, types.OCIManifestSchema1, "one"))
	key, err := sharing.Alike(ctx, b.reference("base:x"))
	require.NoError(t, err)
	assert.NotEmpty(t, key)

	key, err = sharing.Alike(ctx, "registry.example/official:x")
	require.NoError(t, err, "it is in another registry")
	assert.Empty(t, key)

	b.proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusOK, "{}", "Content-Type", string(types.OCIImageIndex))})
	key, err = sharing.Alike(ctx, b.reference("base:index"))
	require.NoError(t, err, "it is an index")
	assert.Empty(t, key)

	b.proxy.Script(registrytest.Rule{Fault: registrytest.Page(http.StatusBadGateway)})
	_, err = sharing.Alike(ctx, b.reference("base:y"))
	require.ErrorContains(t, err, "502 Bad Gateway")
}
