package publish

import (
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestRebaseKey: that nobody knows is an answer, and no reason to ask again. A registry in trouble
// gives none.
func TestRebaseKey(t *testing.T) {
	b := registrytest.NewBed(t)
	sharing := &Sharing{Client: connect(t, b, registry.Access{})}
	b.Push(t, "base:x", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
	key, refused, err := sharing.RebaseKey(ctx, plan.Image{Official: b.Reference("base:x")})
	require.NoError(t, err)
	assert.NotEmpty(t, key)
	assert.Empty(t, refused)

	key, refused, err = sharing.RebaseKey(ctx, plan.Image{Official: "registry.example/official:x"})
	require.NoError(t, err, "it is in another registry")
	assert.Empty(t, key)
	assert.Equal(t, "only the engine reads the official image", refused)

	b.Proxy.Script(registrytest.Rule{Fault: registrytest.Answer(http.StatusOK, "{}", "Content-Type", string(types.OCIImageIndex))})
	key, refused, err = sharing.RebaseKey(ctx, plan.Image{Official: b.Reference("base:index")})
	require.NoError(t, err, "it is an index")
	assert.Empty(t, key)
	assert.Equal(t, "only the engine reads the official image", refused)

	b.Proxy.Script()
	pushArtifact(t, b, "base:artifact")
	key, refused, err = sharing.RebaseKey(ctx, plan.Image{Official: b.Reference("base:artifact")})
	require.NoError(t, err, "it is an image by its media type only")
	assert.Empty(t, key)
	assert.Equal(t, "only the engine reads the official image", refused)

	b.Proxy.Script(registrytest.Rule{Fault: registrytest.Page(http.StatusBadGateway)})
	_, _, err = sharing.RebaseKey(ctx, plan.Image{Official: b.Reference("base:y")})
	require.ErrorContains(t, err, "502 Bad Gateway")
}

// TestARebaseOfWhatTheClientCannotRead is built instead.
func TestARebaseOfWhatTheClientCannotRead(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, registry.Access{})
	img := b.Push(t, "official/one:x", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
	pushIndex(t, b, "official/index:x", img)
	pushArtifact(t, b, "official/artifact:x")
	one := b.Reference("official/one:x")
	for name, test := range map[string]struct{ on, like string }{
		"on an index":                     {b.Reference("official/index:x"), one},
		"on an artifact":                  {b.Reference("official/artifact:x"), one},
		"on an image of another registry": {"docker.io/official/one:x", one},
		"like an index":                   {one, b.Reference("official/index:x")},
	} {
		t.Run(name, func(t *testing.T) {
			engine := &mountingEngine{n: 1}
			publisher := &Publisher{Client: client, Builder: engine, Sharing: &Sharing{Client: client}}
			published, err := publisher.Publish(ctx, plan.Image{
				Phase: plan.PhaseBase, Official: test.on, Reference: b.Reference("base:x"),
				Rebase: &plan.RebaseSource{Official: test.like, Base: one},
			})
			require.NoError(t, err)
			assert.False(t, published.Rebased)
			assert.Equal(t, "only the engine reads the official image", published.RebaseRefused)
			assert.Equal(t, 2, engine.n, "it is built")
		})
	}
}
