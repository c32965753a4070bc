package oci

import (
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// read reads an image as a registry would answer for it.
func read(t *testing.T, repository string, img v1.Image) *Image {
	t.Helper()
	raw, err := img.RawManifest()
	require.NoError(t, err)
	config, err := img.RawConfigFile()
	require.NoError(t, err)
	return readRaw(t, repository, raw, config)
}

// readComposed reads a composed image back.
func readComposed(t *testing.T, repository string, composed *Composed) *Image {
	t.Helper()
	return readRaw(t, repository, composed.Manifest.Raw, composed.Config)
}

func readRaw(t *testing.T, repository string, raw, config []byte) *Image {
	t.Helper()
	ref, err := name.ParseReference("localhost:5000/" + repository + "@" + DigestOf(raw).String())
	require.NoError(t, err)
	m, err := ReadManifest(ref, raw, "")
	require.NoError(t, err)
	require.NoError(t, m.Check())
	image, err := ReadImage(Repository(repository), m, config)
	require.NoError(t, err)
	return image
}

// addition is what agent images get, with a layer that is in the repository "builder".
func addition(t *testing.T) Addition {
	t.Helper()
	layer, err := read(t, "builder", registrytest.Layered(t, types.OCIManifestSchema1, "agent")).OnlyLayer()
	require.NoError(t, err)
	return Addition{
		Layer: layer, Env: map[string]string{"SDK": "new", "D": "4", "C": "3", "B": "2", "A": "1"}, Entrypoint: []string{"/agent", "serve"},
		Labels: map[string]string{"base": "b", "sdk": "s"},
	}
}
