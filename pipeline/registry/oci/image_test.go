package oci

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

func TestOnlyLayer(t *testing.T) {
	img := read(t, "builder", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
	layer, err := img.OnlyLayer()
	require.NoError(t, err)
	assert.Equal(t, img.Manifest.Layers[0], layer.Descriptor)
	assert.Equal(t, "layer one", layer.history.CreatedBy)

	_, err = read(t, "builder", registrytest.Layered(t, types.OCIManifestSchema1, "one", "two")).OnlyLayer()
	require.ErrorContains(t, err, "it has 2 layers instead of one")
}
