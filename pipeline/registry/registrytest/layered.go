package registrytest

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"
)

// made are the images and layers of this file, by what they are made of. Tests make the same ones
// thousands of times, and to compress a layer takes a megabyte of memory however small it is.
var made sync.Map

// once returns what make makes of the same parts.
func once[T any](t *testing.T, make func() (T, error), parts ...any) T {
	t.Helper()
	key := fmt.Sprintf("%q", parts)
	if known, ok := made.Load(key); ok {
		return known.(T)
	}
	value, err := make()
	require.NoError(t, err)
	made.Store(key, value)
	return value
}

// Layered is an image with a small layer for each name, and a matching config. The same name makes
// the same layer.
func Layered(t *testing.T, media types.MediaType, names ...string) v1.Image {
	t.Helper()
	return once(t, func() (v1.Image, error) { return layered(t, media, names) }, "image", media, names)
}

func layered(t *testing.T, media types.MediaType, names []string) (v1.Image, error) {
	layerMedia, configMedia := types.OCILayer, types.OCIConfigJSON
	if media == types.DockerManifestSchema2 {
		layerMedia, configMedia = types.DockerLayer, types.DockerConfigJSON
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, media), configMedia)
	for _, name := range names {
		var err error
		img, err = mutate.Append(img, mutate.Addendum{Layer: Layer(t, name, layerMedia), MediaType: layerMedia, History: v1.History{CreatedBy: "layer " + name}})
		if err != nil {
			return nil, err
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	config.Config = v1.Config{
		User: "nobody", WorkingDir: "/testbed", Env: []string{"PATH=/bin", "SDK_HOME=/sdk", "SDK=old"},
		Entrypoint: []string{"/entry"}, Cmd: []string{"bash"}, Labels: map[string]string{"base": "old", "kept": "yes"},
	}
	return mutate.ConfigFile(img, config)
}

// Layer is a small layer. The same name makes the same layer.
func Layer(t *testing.T, name string, media types.MediaType) v1.Layer {
	t.Helper()
	return once(t, func() (v1.Layer, error) { return newLayer(name, media) }, "layer", name, media)
}

func newLayer(name string, media types.MediaType) (v1.Layer, error) {
	hash := fnv.New64a()
	hash.Write([]byte(name)) // A hash never fails to write.
	whole, err := random.Layer(64, media, random.WithSource(rand.NewSource(int64(hash.Sum64()))))
	if err != nil {
		return nil, err
	}
	content, err := whole.Compressed()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	compressed, err := io.ReadAll(content)
	return &layer{whole, compressed}, err
}

// layer is compressed once.
type layer struct {
	v1.Layer
	compressed []byte
}

// Compressed is the layer as a registry has it.
func (l *layer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.compressed)), nil
}
