package publish

import (
	"archive/tar"
	"errors"
	"io"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// pushForeign pushes an image index that has an image for arm64 only.
func pushForeign(t *testing.T, engineReference string) {
	t.Helper()
	arm := registrytest.Configured(t, harness.OfficialImage(t, "arm64"), func(config *v1.ConfigFile) { config.Architecture = "arm64" })
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}},
	})
	require.NoError(t, remote.WriteIndex(harness.Reference(t, engineReference), index))
}

// pushTorn pushes an image and takes its topmost layer away, as an upload or a garbage collection
// that went wrong does. The layer is another one in each run, as the engine keeps those that it has
// seen.
func pushTorn(t *testing.T, engineReference string) {
	t.Helper()
	harness.Push(t, engineReference, harness.OfficialImage(t, time.Now().String()))
	all := harness.Layers(t, harness.Image(t, engineReference))
	harness.DeleteBlob(t, harness.Reference(t, engineReference).Context().Digest(all[len(all)-1]))
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
