package harness

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/sourcegraph/conc/pool"
	"github.com/stretchr/testify/require"
)

// Reference is what the engine calls localhost:5000/…, as this machine reaches it; or by the port
// of a proxy of that registry.
func Reference(t *testing.T, engineReference string) name.Reference {
	t.Helper()
	registry, path, _ := strings.Cut(engineReference, "/")
	require.True(t, strings.HasPrefix(registry, "localhost:"), "%s is not in the local registry", engineReference)
	ref, err := name.ParseReference(HostRegistry+"/"+path, name.Insecure)
	require.NoError(t, err)
	return ref
}

// Image reads an image's manifest and config from the registry.
func Image(t *testing.T, engineReference string) v1.Image {
	t.Helper()
	img, err := remote.Image(Reference(t, engineReference))
	require.NoError(t, err, "%s is not in the registry", engineReference)
	return img
}

// Digest of an image in the registry.
func Digest(t *testing.T, engineReference string) string {
	t.Helper()
	descriptor, err := remote.Head(Reference(t, engineReference))
	require.NoError(t, err, "%s is not in the registry", engineReference)
	return descriptor.Digest.String()
}

// Layers are the digests of an image's layers, the lowest first.
func Layers(t *testing.T, img v1.Image) []string {
	t.Helper()
	manifest, err := img.Manifest()
	require.NoError(t, err)
	var digests []string
	for _, layer := range manifest.Layers {
		digests = append(digests, layer.Digest.String())
	}
	return digests
}

// Tags of a repository; none if there is no such repository.
func Tags(t *testing.T, repository string) []string {
	t.Helper()
	repo, err := name.NewRepository(HostRegistry+"/"+repository, name.Insecure)
	require.NoError(t, err)
	found, err := remote.List(repo)
	if err != nil {
		require.ErrorContains(t, err, "NAME_UNKNOWN")
		return nil
	}
	return found
}

// Remove deletes an image from the registry.
func Remove(t *testing.T, engineReference string) {
	t.Helper()
	at := Reference(t, engineReference).Context().Digest(Digest(t, engineReference))
	require.NoError(t, remote.Delete(at))
}

// CopyImage puts an image of the registry under another name.
func CopyImage(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, remote.Write(Reference(t, to), Image(t, from)))
}

// Images reads images from the registry by their references, many at a time. Those that are not
// there are left out.
func Images(t *testing.T, references []string) map[string]v1.Image {
	t.Helper()
	found := make([]v1.Image, len(references))
	reading := pool.New().WithErrors().WithMaxGoroutines(16)
	for i, text := range references {
		from := Reference(t, text)
		reading.Go(func() error {
			img, err := remote.Image(from)
			var answer *transport.Error
			if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
				return nil
			}
			found[i] = img
			return err
		})
	}
	require.NoError(t, reading.Wait())
	by := map[string]v1.Image{}
	for i, reference := range references {
		if found[i] != nil {
			by[reference] = found[i]
		}
	}
	return by
}

// Push puts an image in the registry.
func Push(t *testing.T, engineReference string, img v1.Image) {
	t.Helper()
	require.NoError(t, remote.Write(Reference(t, engineReference), img))
}

// DeleteBlob unlinks a blob from its repository.
func DeleteBlob(t *testing.T, blob name.Digest) {
	t.Helper()
	url := fmt.Sprintf("http://%s/v2/%s/blobs/%s", blob.RegistryStr(), blob.RepositoryStr(), blob.DigestStr())
	request, err := http.NewRequest(http.MethodDelete, url, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusAccepted, answer.StatusCode)
}

// HasBlob says whether a repository has a blob.
func HasBlob(t *testing.T, repository, digest string) bool {
	t.Helper()
	answer, err := http.Head("http://" + HostRegistry + "/v2/" + repository + "/blobs/" + digest)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode == http.StatusOK
}
