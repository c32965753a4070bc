package registry

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// copies is apart in these tests.
func copies(step string) bool { return strings.HasPrefix(step, "COPY") }

// official is an official image: a layer of its environment, and one of its own that this step made.
func official(t *testing.T, environment, own, step string, change func(*v1.ConfigFile)) v1.Image {
	t.Helper()
	img, err := mutate.Append(empty.Image,
		mutate.Addendum{Layer: layer(t, environment, types.DockerLayer), History: v1.History{CreatedBy: "RUN setup"}},
		mutate.Addendum{History: v1.History{CreatedBy: "ENV a=b", EmptyLayer: true}},
		mutate.Addendum{Layer: layer(t, own, types.DockerLayer), History: v1.History{CreatedBy: step}},
	)
	require.NoError(t, err)
	return configured(t, img, func(config *v1.ConfigFile) {
		config.OS, config.Architecture = "linux", "amd64"
		config.Config.Env = []string{"A=b"}
		config.Config.Labels = map[string]string{"own": own}
		if change != nil {
			change(config)
		}
	})
}

func configured(t *testing.T, img v1.Image, change func(*v1.ConfigFile)) v1.Image {
	t.Helper()
	config, err := img.ConfigFile()
	require.NoError(t, err)
	config = config.DeepCopy()
	change(config)
	img, err = mutate.ConfigFile(img, config)
	require.NoError(t, err)
	return img
}

// built is what a recipe makes of an official image.
func built(t *testing.T, on v1.Image) v1.Image {
	t.Helper()
	img, err := mutate.Append(on, mutate.Addendum{Layer: layer(t, "recipe", types.DockerLayer), History: v1.History{CreatedBy: "RUN apt-get"}})
	require.NoError(t, err)
	return configured(t, img, func(config *v1.ConfigFile) {
		config.Config.User = "agent"
		config.Config.Env = append(config.Config.Env, "TOOLS=/opt")
		config.Config.Labels["recipe"] = "yes"
		config.Config.Labels["base"] = "the other's"
	})
}

func TestBelow(t *testing.T) {
	b := newTestbed(t)
	client := b.connect(t, Access{})
	key := func(img v1.Image) string {
		b.push(t, "base:x", img)
		image, err := client.Image(ctx, b.reference("base:x"))
		require.NoError(t, err)
		return image.Below(copies)
	}
	like := key(official(t, "env", "one", "COPY a /testbed", nil))

	t.Run("is the same where only what is apart differs, and labels", func(t *testing.T) {
		assert.Equal(t, like, key(official(t, "env", "two", "COPY b /testbed", nil)))
	})
	t.Run("differs", func(t *testing.T) {
		for name, img := range map[string]v1.Image{
			"by the layers below":                 official(t, "other", "one", "COPY a /testbed", nil),
			"where the last step is not apart":    official(t, "env", "one", "RUN setup_repo", nil),
			"by the config":                       official(t, "env", "one", "COPY a /testbed", func(c *v1.ConfigFile) { c.Config.User = "x" }),
			"by the platform":                     official(t, "env", "one", "COPY a /testbed", func(c *v1.ConfigFile) { c.Architecture = "arm64" }),
			"where the history has too few steps": official(t, "env", "one", "", func(c *v1.ConfigFile) { c.History = c.History[2:] }),
			"where there is no history":           official(t, "env", "one", "", func(c *v1.ConfigFile) { c.History = nil }),
		} {
			assert.NotEqual(t, like, key(img), name)
		}
	})
	t.Run("of two without a history is the same only if all layers are", func(t *testing.T) {
		none := func(c *v1.ConfigFile) { c.History = nil }
		assert.Equal(t, key(official(t, "env", "one", "", none)), key(official(t, "env", "one", "", none)))
		assert.NotEqual(t, key(official(t, "env", "one", "", none)), key(official(t, "env", "two", "", none)))
	})
}

func TestGraft(t *testing.T) {
	b := newTestbed(t)
	client := b.connect(t, Access{})
	read := func(rest string, img v1.Image) *Image {
		b.push(t, rest, img)
		image, err := client.Image(ctx, b.reference(rest))
		require.NoError(t, err)
		return image
	}
	one := official(t, "env", "one", "COPY a /testbed", nil)
	like, on := read("official:one", one), read("official:two", official(t, "env", "two", "COPY b /testbed", nil))
	from := read("base:one", built(t, one))

	t.Run("puts what the recipe added on another image", func(t *testing.T) {
		composed, err := Graft(from, like, on, map[string]string{"base": "mine"})
		require.NoError(t, err)
		require.NoError(t, client.Put(ctx, composed, b.reference("base:two")))
		got := read("base:grafted", b.pull(t, "base:two"))
		assert.Equal(t, append(on.config.RootFS.DiffIDs[:2:2], from.config.RootFS.DiffIDs[2]), got.config.RootFS.DiffIDs)
		assert.Equal(t, "agent", got.config.Config.User)
		assert.Equal(t, []string{"A=b", "TOOLS=/opt"}, got.config.Config.Env)
		assert.Equal(t, map[string]string{"own": "two", "recipe": "yes", "base": "mine"}, got.config.Config.Labels)
		assert.Equal(t, map[string]string{"base": "mine"}, got.manifest.Annotations)
		assert.Equal(t, "RUN apt-get", got.config.History[len(got.config.History)-1].CreatedBy)
		assert.Len(t, layerSteps(got.config.History), 3)
	})
	t.Run("refuses what was not built on the image that it is said to be like", func(t *testing.T) {
		_, err := Graft(from, on, like, nil)
		require.ErrorIs(t, err, ErrNoGraft)
		_, err = Graft(like, from, on, nil)
		require.ErrorIs(t, err, ErrNoGraft)
	})
	t.Run("refuses an image with another config", func(t *testing.T) {
		other := read("official:three", official(t, "env", "two", "COPY b /testbed", func(c *v1.ConfigFile) { c.Config.WorkingDir = "/x" }))
		_, err := Graft(from, like, other, nil)
		require.ErrorIs(t, err, ErrNoGraft)
	})
	t.Run("calls all layers by what the manifest is", func(t *testing.T) {
		oci := read("base:oci", mutate.MediaType(built(t, one), types.OCIManifestSchema1))
		composed, err := Graft(oci, like, on, nil)
		require.NoError(t, err)
		for _, layer := range composed.layers {
			assert.Equal(t, types.OCILayer, layer.descriptor.MediaType)
		}
		foreign := *on
		foreign.manifest = &manifest{Manifest: *on.manifest.DeepCopy(), digest: on.manifest.digest}
		foreign.manifest.Layers[0].MediaType = types.DockerForeignLayer
		_, err = Graft(from, like, &foreign, nil)
		require.ErrorIs(t, err, ErrNoGraft)
	})
}
