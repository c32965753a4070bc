package publish

import (
	"net/http"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// TestPullsOfOfficialImages counts what Docker Hub would count, where official images are in a
// registry of their own: one read manifest for each image that is built, two for one in an index,
// which make one pull, and none for what is there.
func TestPullsOfOfficialImages(t *testing.T) {
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		f, proxy := harness.FaultyFleet(t, 3)
		f.Registry = harness.EngineRegistry
		for _, id := range f.IDs { // The engine knows those that all tests have.
			harness.Push(t, f.Official(id), harness.OfficialImage(t, f.Prefix+id))
		}
		indexed := harness.Task(3)
		index := pushIndex(t, f.Official(indexed), harness.OfficialImage(t, f.Prefix+indexed))
		proxy.Script()

		made := harness.Records(t, f.Run(t, "--publisher", publisher), "manifest.jsonl")

		for i, id := range f.IDs {
			pulls := 1
			if id == indexed {
				pulls = 2
				assert.Equal(t, index.String(), made[i].OfficialDigest)
			}
			require.Equal(t, "built", made[i].Status)
			assert.Equal(t, pulls, proxy.Count(http.MethodGet, harness.ManifestOfOfficial(id)), id)
		}

		proxy.Script()
		f.Makes(t, "skipped_remote_exists", publisher)
		assert.Empty(t, proxy.Requests())
	})
}

// pushIndex pushes an index of nothing but this image, as buildx does, and returns its digest.
func pushIndex(t *testing.T, to string, img v1.Image) v1.Hash {
	t.Helper()
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}},
	})
	require.NoError(t, remote.WriteIndex(harness.Reference(t, to), index))
	digest, err := index.Digest()
	require.NoError(t, err)
	return digest
}
