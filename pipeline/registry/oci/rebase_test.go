package oci

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// copies are the independent steps of these tests.
func copies(step string) bool { return strings.HasPrefix(step, "COPY") }

func TestBelow(t *testing.T) {
	key := func(img v1.Image) string { return read(t, "base", img).Below(copies) }
	like := key(registrytest.Official(t, "env", "one", "COPY a /testbed", nil))

	t.Run("is the same where only what is apart differs, and labels", func(t *testing.T) {
		assert.Equal(t, like, key(registrytest.Official(t, "env", "two", "COPY b /testbed", nil)))
	})
	t.Run("differs", func(t *testing.T) {
		for name, img := range map[string]v1.Image{
			"by the layers below":                 registrytest.Official(t, "other", "one", "COPY a /testbed", nil),
			"where the last step is not apart":    registrytest.Official(t, "env", "one", "RUN setup_repo", nil),
			"by the config":                       registrytest.Official(t, "env", "one", "COPY a /testbed", func(c *v1.ConfigFile) { c.Config.User = "x" }),
			"by the platform":                     registrytest.Official(t, "env", "one", "COPY a /testbed", func(c *v1.ConfigFile) { c.Architecture = "arm64" }),
			"where the history has too few steps": registrytest.Official(t, "env", "one", "", func(c *v1.ConfigFile) { c.History = c.History[2:] }),
			"where there is no history":           registrytest.Official(t, "env", "one", "", func(c *v1.ConfigFile) { c.History = nil }),
		} {
			assert.NotEqual(t, like, key(img), name)
		}
	})
	t.Run("of two without a history is the same only if all layers are", func(t *testing.T) {
		none := func(c *v1.ConfigFile) { c.History = nil }
		assert.Equal(t, key(registrytest.Official(t, "env", "one", "", none)), key(registrytest.Official(t, "env", "one", "", none)))
		assert.NotEqual(t, key(registrytest.Official(t, "env", "one", "", none)), key(registrytest.Official(t, "env", "two", "", none)))
	})
}

func TestRebase(t *testing.T) {
	one := registrytest.Official(t, "env", "one", "COPY a /testbed", nil)
	like, on := read(t, "official", one), read(t, "official", registrytest.Official(t, "env", "two", "COPY b /testbed", nil))
	from := read(t, "base", registrytest.Built(t, one))

	t.Run("puts what the recipe added on another image", func(t *testing.T) {
		composed, err := Rebase(from, like, on, map[string]string{"base": "mine"})
		require.NoError(t, err)
		got := readComposed(t, "base", composed)
		assert.Equal(t, append(on.Config.RootFS.DiffIDs[:2:2], from.Config.RootFS.DiffIDs[2]), got.Config.RootFS.DiffIDs)
		assert.Equal(t, "agent", got.Config.Config.User)
		assert.Equal(t, []string{"A=b", "TOOLS=/opt"}, got.Config.Config.Env)
		assert.Equal(t, map[string]string{"own": "two", "recipe": "yes", "base": "mine"}, got.Config.Config.Labels)
		assert.Equal(t, map[string]string{"base": "mine"}, got.Manifest.Annotations)
		assert.Equal(t, "RUN apt-get", got.Config.History[len(got.Config.History)-1].CreatedBy)
		assert.Len(t, layerSteps(got.Config.History), 3)
	})
	t.Run("refuses what was not built on the image that it is said to be like", func(t *testing.T) {
		_, err := Rebase(from, on, like, nil)
		require.ErrorIs(t, err, ErrNoRebase)
		_, err = Rebase(like, from, on, nil)
		require.ErrorIs(t, err, ErrNoRebase)
	})
	t.Run("refuses an image with another config", func(t *testing.T) {
		other := read(t, "official", registrytest.Official(t, "env", "two", "COPY b /testbed", func(c *v1.ConfigFile) { c.Config.WorkingDir = "/x" }))
		_, err := Rebase(from, like, other, nil)
		require.ErrorIs(t, err, ErrNoRebase)
	})
	t.Run("calls all layers by what the manifest is", func(t *testing.T) {
		oci := read(t, "base", mutate.MediaType(registrytest.Built(t, one), types.OCIManifestSchema1))
		composed, err := Rebase(oci, like, on, nil)
		require.NoError(t, err)
		for _, layer := range composed.Layers {
			assert.Equal(t, types.OCILayer, layer.Descriptor.MediaType)
		}
		foreign := *on
		foreign.Manifest = &Manifest{Manifest: *on.Manifest.DeepCopy(), Digest: on.Manifest.Digest}
		foreign.Manifest.Layers[0].MediaType = types.DockerForeignLayer
		_, err = Rebase(from, like, &foreign, nil)
		require.ErrorIs(t, err, ErrNoRebase)
	})
}
