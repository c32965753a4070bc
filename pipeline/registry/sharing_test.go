package registry

import (
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline"
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

	b.proxy.Script()
	b.pushArtifact(t, "base:artifact")
	key, err = sharing.Alike(ctx, b.reference("base:artifact"))
	require.NoError(t, err, "it is an image by its media type only")
	assert.Empty(t, key)

	b.proxy.Script(registrytest.Rule{Fault: registrytest.Page(http.StatusBadGateway)})
	_, err = sharing.Alike(ctx, b.reference("base:y"))
	require.ErrorContains(t, err, "502 Bad Gateway")
}

// TestAGraftOfWhatTheClientCannotRead is built instead.
func TestAGraftOfWhatTheClientCannotRead(t *testing.T) {
	b := newTestbed(t)
	client := b.connect(t, Access{})
	img := b.push(t, "official/one:x", layered(t, types.OCIManifestSchema1, "one"))
	b.pushIndex(t, "official/index:x", img)
	b.pushArtifact(t, "official/artifact:x")
	one := b.reference("official/one:x")
	for name, test := range map[string]struct{ on, like string }{
		"on an index":                     {b.reference("official/index:x"), one},
		"on an artifact":                  {b.reference("official/artifact:x"), one},
		"on an image of another registry": {"docker.io/official/one:x", one},
		"like an index":                   {one, b.reference("official/index:x")},
	} {
		t.Run(name, func(t *testing.T) {
			engine := &mountingEngine{n: 1}
			publisher := &Publisher{Client: client, Builder: engine, Sharing: &Sharing{Client: client}}
			published, err := publisher.Publish(ctx, pipeline.Image{
				Phase: pipeline.PhaseBase, Official: test.on, Reference: b.reference("base:x"),
				Graft: &pipeline.Graft{Official: test.like, Base: one},
			})
			require.NoError(t, err)
			assert.False(t, published.Grafted)
			assert.Equal(t, 2, engine.n, "it is built")
		})
	}
}
