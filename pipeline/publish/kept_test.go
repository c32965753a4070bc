package publish

import (
	"net/http"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// again is another run on the same registry, with another recipe.
func (b evidenceBed) again(t *testing.T) evidenceBed {
	t.Helper()
	client := connect(t, b.Bed, registry.Access{})
	b.publisher = &Publisher{Client: client, Builder: b.engine, Sharing: NewSharing(ShareEvidence, client, "RUN apt-get install curl")}
	return b
}

// key is the rebase key of the official image of a tag. There has to be one.
func (b evidenceBed) key(t *testing.T, tag string) string {
	t.Helper()
	key, why, err := b.publisher.Sharing.RebaseKey(ctx, b.image(tag))
	require.NoError(t, err)
	require.NotEmpty(t, key, why)
	return key
}

// layersRead is how many layers of official images were read.
func (b evidenceBed) layersRead() int {
	return b.Proxy.Count(http.MethodGet, "/v2/official/blobs/") - b.Proxy.Count(http.MethodGet, "/v2/official/manifests/") // one config each
}

// kept is what is kept of the official image of a tag.
func (b evidenceBed) kept(t *testing.T, tag string) (digest v1.Hash, artifact oci.Artifact) {
	t.Helper()
	digest, err := b.Pull(t, "official:"+tag).Digest()
	require.NoError(t, err)
	artifact, err = connect(t, b.Bed, registry.Access{}).Artifact(ctx, "base", keptTag(digest))
	require.NoError(t, err)
	return digest, artifact
}

// TestASecondRunReadsNoLayer: what the first one learned is kept beside the base images.
func TestASecondRunReadsNoLayer(t *testing.T) {
	b := newEvidenceBed(t)
	b.Push(t, "official:two", unpackable(t, b.system, "testbed/", "testbed/two"))
	b.Proxy.Script()
	keys := []string{b.key(t, "one"), b.key(t, "two"), b.key(t, "two")}
	assert.Equal(t, 3, b.layersRead(), "the system's is read once")
	assert.Equal(t, 4, b.Proxy.Count(http.MethodPut, "/v2/base/blobs/"), "evidence of three layers, and the empty config")
	assert.Equal(t, 2, b.Proxy.Count(http.MethodPut, "/v2/base/manifests/evidence-"))

	b = b.again(t)
	assert.Equal(t, keys, []string{b.key(t, "one"), b.key(t, "two"), b.key(t, "two")})
	assert.Zero(t, b.layersRead())
	assert.Equal(t, 2, b.Proxy.Count(http.MethodGet, "/v2/base/manifests/evidence-"), "one request an image")
	assert.Equal(t, 3, b.Proxy.Count(http.MethodGet, "/v2/base/blobs/"), "and one a layer")
	assert.Zero(t, b.Proxy.Count(http.MethodPut, ""), "nothing is kept twice")
}

// TestAnImageIsKeptWithLayersThatAnEarlierRunKept: it names their blobs, and uploads its own only.
func TestAnImageIsKeptWithLayersThatAnEarlierRunKept(t *testing.T) {
	b := newEvidenceBed(t)
	b.key(t, "one")
	b.Push(t, "official:two", unpackable(t, b.system, "testbed/", "testbed/two"))
	b = b.again(t)
	b.key(t, "one")
	b.key(t, "two")
	assert.Equal(t, 1, b.layersRead())
	assert.Equal(t, 2, b.Proxy.Count(http.MethodPut, "/v2/base/blobs/"), "evidence of the new layer, and the empty config")
	_, one := b.kept(t, "one")
	_, two := b.kept(t, "two")
	assert.Equal(t, one.Blobs[0], two.Blobs[0])
	b = b.again(t)
	b.key(t, "two")
	assert.Zero(t, b.layersRead())
}

// TestWhatIsKeptAndIsNotOfTheImageCountsForNothing: the layers are read, and kept anew.
func TestWhatIsKeptAndIsNotOfTheImageCountsForNothing(t *testing.T) {
	for name, change := range map[string]func(*oci.Artifact){
		"of no type":                       func(a *oci.Artifact) { a.Type = "" },
		"of another type":                  func(a *oci.Artifact) { a.Type += "1" },
		"of another version":               func(a *oci.Artifact) { a.Annotations[keptReading] = "0" },
		"of no version":                    func(a *oci.Artifact) { delete(a.Annotations, keptReading) },
		"of another image":                 func(a *oci.Artifact) { a.Annotations[plan.LabelOfficialDigest] += "0" },
		"of fewer layers":                  func(a *oci.Artifact) { a.Blobs = a.Blobs[:1] },
		"of other layers":                  func(a *oci.Artifact) { a.Blobs[0].Annotations = map[string]string{keptLayer: "sha256:0"} },
		"with blobs of each other's":       func(a *oci.Artifact) { a.Blobs[0].Digest, a.Blobs[1].Digest = a.Blobs[1].Digest, a.Blobs[0].Digest },
		"with a blob that is no evidence":  func(a *oci.Artifact) { a.Blobs[1].Digest = oci.DigestOf([]byte(oci.EmptyConfig)) },
		"with a blob that nobody has read": func(a *oci.Artifact) { a.Blobs[1].Digest = oci.DigestOf([]byte("gone")) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newEvidenceBed(t)
			want := b.key(t, "one")
			digest, artifact := b.kept(t, "one")
			change(&artifact)
			b = b.again(t)
			client := b.publisher.Client
			if name == "with a blob that nobody has read" {
				_, err := client.PutBlob(ctx, "base", []byte("gone"))
				require.NoError(t, err)
			}
			require.NoError(t, client.PutArtifact(ctx, "base", keptTag(digest), artifact))
			b.Proxy.Script(registrytest.Rule{Path: "/blobs/" + oci.DigestOf([]byte("gone")).String(), Fault: registrytest.Answer(http.StatusNotFound, "")})

			assert.Equal(t, want, b.key(t, "one"))

			assert.Positive(t, b.layersRead())
			b = b.again(t)
			assert.Equal(t, want, b.key(t, "one"))
			assert.Zero(t, b.layersRead(), "it was kept anew")
		})
	}
}

// TestEvidenceThatCannotBeKept costs the run nothing but requests: a registry that takes no such
// artifact is asked once, and one in trouble at every image.
func TestEvidenceThatCannotBeKept(t *testing.T) {
	const tag = "/v2/base/manifests/evidence-"
	for name, test := range map[string]struct {
		status, puts int
		method       string
	}{
		"in a registry that refuses it":                {http.StatusBadRequest, 1, http.MethodPut},
		"in a registry in trouble":                     {http.StatusBadGateway, 2, http.MethodPut},
		"in a registry that does not tell what it has": {http.StatusBadGateway, 2, http.MethodGet},
	} {
		t.Run(name, func(t *testing.T) {
			b := newEvidenceBed(t)
			b.Push(t, "official:two", unpackable(t, b.system, "testbed/", "testbed/two"))
			b.Proxy.Script(registrytest.Rule{Method: test.method, Path: tag, Fault: registrytest.Answer(test.status, "")})
			assert.Equal(t, b.key(t, "one"), b.key(t, "two"))
			assert.Equal(t, test.puts, b.Proxy.Count(http.MethodPut, tag))
			assert.Equal(t, 3, b.layersRead())
		})
	}
}

func TestImagesOfWhichNothingIsKept(t *testing.T) {
	b := newEvidenceBed(t)
	layers, err := b.Pull(t, "official:one").Layers()
	require.NoError(t, err)
	digest, err := layers[1].Digest()
	require.NoError(t, err)
	b.Proxy.Script(registrytest.Rule{Method: http.MethodGet, Path: "/blobs/" + digest.String(), Fault: registrytest.Answer(http.StatusOK, "other")})
	_, refused, err := b.publisher.Sharing.RebaseKey(ctx, b.image("one"))
	require.NoError(t, err)
	assert.NotEmpty(t, refused)
	assert.Zero(t, b.Proxy.Count(http.MethodPut, "/manifests/"), "one whose layer the registry did not give")

	b = b.again(t)
	image, err := b.publisher.Client.Image(ctx, b.Reference("official:one"))
	require.NoError(t, err)
	require.ErrorContains(t, b.publisher.Sharing.Evidence.keep(ctx, image), "was not read")
	assert.Zero(t, b.Proxy.Count(http.MethodPut, ""), "one that nobody has read")
	empty := *image
	empty.Manifest = &oci.Manifest{Digest: image.Manifest.Digest}
	require.NoError(t, b.publisher.Sharing.Evidence.keep(ctx, &empty))
	assert.Zero(t, b.Proxy.Count(http.MethodPut, ""), "one without layers")
}

// TestNothingIsKeptAtDockerHub: to read it would count as a pull.
func TestNothingIsKeptAtDockerHub(t *testing.T) {
	b := registrytest.NewBed(t)
	hub, err := (registry.Access{Transport: registrytest.Elsewhere{Host: b.Host}}).Connect(ctx, "docker.io/me/base")
	require.NoError(t, err)
	b.Proxy.Script()
	e := &Evidence{Client: hub}
	image := &oci.Image{Repository: "me/base", Manifest: &oci.Manifest{Digest: oci.DigestOf(nil)}}
	image.Manifest.Layers = []v1.Descriptor{{Digest: oci.DigestOf(nil)}}
	require.NoError(t, e.recall(ctx, image))
	require.NoError(t, e.keep(ctx, image))
	assert.Empty(t, b.Proxy.Requests())
}

func TestTheTagOfWhatIsKept(t *testing.T) {
	assert.Equal(t, "evidence-"+strings.Repeat("a", 32), keptTag(v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("a", 32) + strings.Repeat("b", 32)}))
	assert.Equal(t, "evidence-ab", keptTag(v1.Hash{Algorithm: "short", Hex: "ab"}))
}
