package publish

import (
	"net/http"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// unpackable is an image with a layer of these paths on top.
func unpackable(t *testing.T, below v1.Image, paths ...string) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(below, registrytest.PathsLayer(t, paths...))
	require.NoError(t, err)
	return img
}

// textLayered is an image whose layer is no archive.
func textLayered(t *testing.T) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer([]byte("no archive"), types.DockerLayer))
	require.NoError(t, err)
	return img
}

// evidenceBed has two official images on one system, and a base image of the first.
type evidenceBed struct {
	registrytest.Bed
	publisher *Publisher
	engine    *mountingEngine
	system    v1.Image
}

func newEvidenceBed(t *testing.T) evidenceBed {
	t.Helper()
	b := evidenceBed{Bed: registrytest.NewBed(t), engine: &mountingEngine{n: 1}}
	client := connect(t, b.Bed, registry.Access{})
	b.publisher = &Publisher{Client: client, Builder: b.engine, Sharing: NewSharing(ShareEvidence, client, "RUN apt-get install git")}
	b.system = unpackable(t, empty.Image, "usr/", "usr/bin/", "usr/bin/sh", "opt/")
	one := unpackable(t, b.system, "testbed/", "testbed/one")
	b.Push(t, "official:one", one)
	b.Push(t, "base:one", unpackable(t, one, "usr/", "usr/bin/", "usr/bin/git"))
	return b
}

// image is what a run publishes for the official image of this tag.
func (b evidenceBed) image(tag string) plan.Image {
	return plan.Image{
		Phase: plan.PhaseBase, Official: b.Reference("official:" + tag), Reference: b.Reference("base:" + tag),
		Rebase: &plan.RebaseSource{Official: b.Reference("official:one"), Base: b.Reference("base:one"), Instance: "one"},
	}
}

func TestABaseGetsLayersByEvidence(t *testing.T) {
	b := newEvidenceBed(t)
	b.Push(t, "official:two", unpackable(t, unpackable(t, b.system, "testbed/", "testbed/a"), "testbed/", "testbed/b"))
	b.Push(t, "official:three", unpackable(t, b.system, "testbed/", "testbed/three"))
	b.Proxy.Script()

	one, why, err := b.publisher.Sharing.RebaseKey(ctx, b.image("one"))
	require.NoError(t, err)
	assert.Equal(t, "layer 1: the directory usr is new", why, "the system is no image's own")
	two, _, err := b.publisher.Sharing.RebaseKey(ctx, b.image("two"))
	require.NoError(t, err)
	require.NotEmpty(t, one)
	assert.Equal(t, one, two, "they stand on the same system")
	for _, tag := range []string{"two", "three"} {
		published, err := b.publisher.Publish(ctx, b.image(tag))
		require.NoError(t, err)
		assert.True(t, published.Rebased)
		assert.Empty(t, published.RebaseRefused)
	}

	layers, err := b.Pull(t, "base:two").Layers()
	require.NoError(t, err)
	assert.Len(t, layers, 4, "three of its official image, and the recipe's")
	for _, layer := range layers {
		digest, err := layer.Digest()
		require.NoError(t, err)
		assert.Equal(t, 1, b.Proxy.Count(http.MethodGet, "/blobs/"+digest.String()), "each layer is read once")
	}
}

func TestWhatTheLayersHaveIsRefused(t *testing.T) {
	b := newEvidenceBed(t)
	b.Push(t, "official:system", unpackable(t, b.system, "usr/", "usr/bin/", "usr/bin/apt-get"))
	b.Push(t, "official:links", unpackable(t, b.system, "testbed/a"))
	b.Push(t, "official:text", textLayered(t))

	t.Run("in an image that changes the system: its key is another one", func(t *testing.T) {
		one, _, err := b.publisher.Sharing.RebaseKey(ctx, b.image("one"))
		require.NoError(t, err)
		key, why, err := b.publisher.Sharing.RebaseKey(ctx, b.image("system"))
		require.NoError(t, err)
		assert.Equal(t, "layer 2: usr/bin/apt-get is outside the free places", why)
		assert.NotEqual(t, one, key)
	})
	t.Run("in an image whose paths may lead through a link: it has no key", func(t *testing.T) {
		key, refused, err := b.publisher.Sharing.RebaseKey(ctx, b.image("links"))
		require.NoError(t, err)
		assert.Empty(t, key)
		assert.Equal(t, `layer 2: the layer has "testbed/a" and no directory "testbed" before it`, refused)
	})
	t.Run("in an image whose layers cannot be read: it has no key", func(t *testing.T) {
		key, refused, err := b.publisher.Sharing.RebaseKey(ctx, b.image("text"))
		require.NoError(t, err)
		assert.Empty(t, key)
		assert.Equal(t, "layer 1: the layer is no tar archive: unexpected EOF", refused)
	})
	t.Run("in an image with a wrap: it has no key", func(t *testing.T) {
		image := b.image("one")
		image.Wrap = &plan.Wrap{Commands: [][]string{{"pip", "install", "x"}}}
		key, refused, err := b.publisher.Sharing.RebaseKey(ctx, image)
		require.NoError(t, err)
		assert.Empty(t, key)
		assert.Equal(t, "the image has a wrap", refused)
	})
	t.Run("in what the recipe made: the image is built, and the reason is kept", func(t *testing.T) {
		b.Push(t, "official:two", unpackable(t, b.system, "testbed/", "testbed/two"))
		b.Push(t, "base:one", unpackable(t, unpackable(t, b.system, "testbed/", "testbed/one"), "testbed/", "testbed/log"))
		built := b.engine.n
		published, err := b.publisher.Publish(ctx, b.image("two"))
		require.NoError(t, err)
		assert.False(t, published.Rebased)
		assert.Equal(t, "added layer 1: the recipe changes something in testbed", published.RebaseRefused)
		assert.Equal(t, built+1, b.engine.n, "it is built")
	})
	t.Run("in a registry that gives another layer: it has no key", func(t *testing.T) {
		fresh := newEvidenceBed(t)
		other := unpackable(t, fresh.system, "testbed/", "testbed/other")
		fresh.Push(t, "official:other", other)
		layers, err := other.Layers()
		require.NoError(t, err)
		digest, err := layers[1].Digest()
		require.NoError(t, err)
		fresh.Proxy.Script(registrytest.Rule{Method: http.MethodGet, Path: "/blobs/" + digest.String(), Fault: registrytest.Answer(http.StatusOK, "other")})
		key, refused, err := fresh.publisher.Sharing.RebaseKey(ctx, fresh.image("other"))
		require.NoError(t, err)
		assert.Empty(t, key)
		assert.Equal(t, "layer 2: the registry gives another layer than the manifest names", refused)
	})
}

// TestALayerThatBreaksIsReadAgain by the next attempt: it is no evidence against the image.
func TestALayerThatBreaksIsReadAgain(t *testing.T) {
	b := newEvidenceBed(t)
	b.Proxy.Script(registrytest.Rule{Method: http.MethodGet, Path: "/blobs/", Skip: 1, Times: 1, Fault: registrytest.Answer(http.StatusBadGateway, "")})
	_, _, err := b.publisher.Sharing.RebaseKey(ctx, b.image("one"))
	require.ErrorContains(t, err, "502 Bad Gateway")
	key, why, err := b.publisher.Sharing.RebaseKey(ctx, b.image("one"))
	require.NoError(t, err)
	assert.NotEmpty(t, key, why)
}
