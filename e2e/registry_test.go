package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/require"
)

// reference is what the engine calls localhost:5000/…, as this machine reaches it; or by the port
// of a proxy of that registry.
func reference(t *testing.T, engineReference string) name.Reference {
	t.Helper()
	registry, path, _ := strings.Cut(engineReference, "/")
	require.True(t, strings.HasPrefix(registry, "localhost:"), "%s is not in the local registry", engineReference)
	ref, err := name.ParseReference(hostRegistry+"/"+path, name.Insecure)
	require.NoError(t, err)
	return ref
}

// image reads an image's manifest and config from the registry.
func image(t *testing.T, engineReference string) v1.Image {
	t.Helper()
	img, err := remote.Image(reference(t, engineReference))
	require.NoError(t, err, "%s is not in the registry", engineReference)
	return img
}

func digest(t *testing.T, engineReference string) string {
	t.Helper()
	descriptor, err := remote.Head(reference(t, engineReference))
	require.NoError(t, err, "%s is not in the registry", engineReference)
	return descriptor.Digest.String()
}

// layers are the digests of an image's layers, the lowest first.
func layers(t *testing.T, img v1.Image) []string {
	t.Helper()
	manifest, err := img.Manifest()
	require.NoError(t, err)
	var digests []string
	for _, layer := range manifest.Layers {
		digests = append(digests, layer.Digest.String())
	}
	return digests
}

// tags of a repository; none if there is no such repository.
func tags(t *testing.T, repository string) []string {
	t.Helper()
	repo, err := name.NewRepository(hostRegistry+"/"+repository, name.Insecure)
	require.NoError(t, err)
	found, err := remote.List(repo)
	if err != nil {
		require.ErrorContains(t, err, "NAME_UNKNOWN")
		return nil
	}
	return found
}

// remove deletes an image from the registry.
func remove(t *testing.T, engineReference string) {
	t.Helper()
	at := reference(t, engineReference).Context().Digest(digest(t, engineReference))
	require.NoError(t, remote.Delete(at))
}

// copyImage puts an image of the registry under another name.
func copyImage(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, remote.Write(reference(t, to), image(t, from)))
}
