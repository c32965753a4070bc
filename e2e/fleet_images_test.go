package e2e

import (
	"archive/tar"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"
)

// layerSize of the official images' layers in bytes: what is tested is their number, not their
// weight.
const layerSize = 4 << 10

// officialImage is an official image of a fleet: a layer that all have in common and one of its
// own, the same in every run.
func officialImage(t *testing.T, id string) v1.Image {
	t.Helper()
	var below []v1.Layer
	for _, of := range []string{"all", id} {
		below = append(below, randomLayer(t, of))
	}
	img, err := mutate.AppendLayers(empty.Image, below...)
	require.NoError(t, err)
	return configured(t, img, func(config *v1.ConfigFile) {
		config.OS, config.Architecture = "linux", "amd64"
		config.Config.User = "nobody"
		config.Config.Env = []string{"PATH=/usr/bin:/bin", "INSTANCE=" + id}
		config.Config.WorkingDir = "/testbed"
	})
}

// randomLayer is a layer of random data, the same for the same name.
func randomLayer(t *testing.T, name string) v1.Layer {
	t.Helper()
	layer, err := random.Layer(layerSize, types.DockerLayer, random.WithSource(rand.NewSource(seedOf(name))))
	require.NoError(t, err)
	return layer
}

func seedOf(text string) int64 {
	hash := fnv.New64a()
	hash.Write([]byte(text)) // A hash never fails to write.
	return int64(hash.Sum64())
}

// configured is the image with a changed config.
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

// push puts an image in the registry.
func push(t *testing.T, engineReference string, img v1.Image) {
	t.Helper()
	require.NoError(t, remote.Write(reference(t, engineReference), img))
}

// pushForeign pushes an image index that has an image for arm64 only.
func pushForeign(t *testing.T, engineReference string) {
	t.Helper()
	arm := configured(t, officialImage(t, "arm64"), func(config *v1.ConfigFile) { config.Architecture = "arm64" })
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}},
	})
	require.NoError(t, remote.WriteIndex(reference(t, engineReference), index))
}

// pushTorn pushes an image and takes its topmost layer away, as an upload or a garbage collection
// that went wrong does. The layer is another one in each run, as the engine keeps those that it has
// seen.
func pushTorn(t *testing.T, engineReference string) {
	t.Helper()
	push(t, engineReference, officialImage(t, time.Now().String()))
	all := layers(t, image(t, engineReference))
	deleteBlob(t, reference(t, engineReference).Context().Digest(all[len(all)-1]))
}

// deleteBlob unlinks a blob from its repository.
func deleteBlob(t *testing.T, blob name.Digest) {
	t.Helper()
	url := fmt.Sprintf("http://%s/v2/%s/blobs/%s", blob.RegistryStr(), blob.RepositoryStr(), blob.DigestStr())
	request, err := http.NewRequest(http.MethodDelete, url, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusAccepted, answer.StatusCode)
}

// topFiles are the headers of the files in an image's topmost layer.
func topFiles(t *testing.T, img v1.Image) []*tar.Header {
	t.Helper()
	all, err := img.Layers()
	require.NoError(t, err)
	layer, err := all[len(all)-1].Uncompressed()
	require.NoError(t, err)
	defer layer.Close()
	var headers []*tar.Header
	for archive := tar.NewReader(layer); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return headers
		}
		require.NoError(t, err)
		headers = append(headers, header)
	}
}
