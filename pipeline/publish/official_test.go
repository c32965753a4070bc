package publish

import (
	"net/http"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// pushIndex puts an index in the registry: of an image for a platform of no concern, and of this
// one.
func pushIndex(t *testing.T, b registrytest.Bed, rest string, img v1.Image) string {
	t.Helper()
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: registrytest.Layered(t, types.OCIManifestSchema1, "arm"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}},
		mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
	)
	ref, err := name.ParseReference(b.Open + "/" + rest)
	require.NoError(t, err)
	require.NoError(t, remote.WriteIndex(ref, index))
	digest, err := index.Digest()
	require.NoError(t, err)
	return digest.String()
}

// pushArtifact puts a manifest in the registry that is an image's by its media type, with the
// config of something else.
func pushArtifact(t *testing.T, b registrytest.Bed, rest string) {
	t.Helper()
	chart := b.Push(t, rest, registrytest.Layered(t, types.OCIManifestSchema1, "chart"))
	artifact, err := mutate.ConfigFile(chart, &v1.ConfigFile{})
	require.NoError(t, err)
	b.Push(t, rest, mutate.ConfigMediaType(artifact, "application/vnd.cncf.helm.config.v1+json"))
}

// TestOfficialsFallBackToTheEngine wherever the client cannot read what a reference names.
func TestOfficialsFallBackToTheEngine(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, registry.Access{})
	img := b.Push(t, "official/one:x", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
	pushIndex(t, b, "official/index:x", img)
	pushArtifact(t, b, "official/artifact:x")
	for says, test := range map[string]struct {
		image string
		rules []registrytest.Rule
	}{
		"another registry":        {image: "registry.example/official/one:x"},
		"Docker Hub":              {image: "docker.io/official/one:x"},
		"Docker Hub's other name": {image: "index.docker.io/official/one:x"},
		"an index":                {image: b.Reference("official/index:x")},
		"what is an image by its media type only": {image: b.Reference("official/artifact:x")},
		"a media type that nobody knows": {b.Reference("official/one:y"), []registrytest.Rule{
			{Fault: registrytest.Answer(http.StatusOK, "{}", "Content-Type", "application/vnd.example.new")},
		}},
	} {
		t.Run(says, func(t *testing.T) {
			b.Proxy.Script(test.rules...)
			engine := new(noting)
			found, err := (&Officials{Client: client, Engine: engine, Platform: "linux/amd64"}).Find(ctx, test.image)
			require.NoError(t, err)
			assert.Equal(t, "of the engine", found.Digest)
			assert.Equal(t, []string{test.image}, engine.asked)
		})
	}
}

// TestAnOfficialIndexAtDockerHub, where the images go to as well: a head tells its digest, and not
// that it is an index.
func TestAnOfficialIndexAtDockerHub(t *testing.T) {
	b := registrytest.NewBed(t)
	client, err := registry.Access{Transport: registrytest.Elsewhere{Host: b.Host}}.Connect(ctx, "docker.io/me/agent")
	require.NoError(t, err)
	pushIndex(t, b, "swebench/index:x", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
	for _, image := range []string{"docker.io/swebench/index:x", "swebench/index:x"} {
		engine := new(noting)
		found, err := (&Officials{Client: client, Engine: engine, Platform: "linux/amd64"}).Find(ctx, image)
		require.NoError(t, err)
		assert.Equal(t, "of the engine", found.Digest)
	}
}

// TestOfficialsThatTheClientReads are not the engine's to find: neither the right ones, nor those
// that fail.
func TestOfficialsThatTheClientReads(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, registry.Access{})
	img := b.Push(t, "official/one:x", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
	digest := registrytest.DigestOfImage(t, img)
	engine := new(noting)
	officials := &Officials{Client: client, Engine: engine, Platform: "linux/amd64"}
	for _, named := range []string{"official/one:x", "official/one@" + digest, "official/one:x@" + digest} {
		found, err := officials.Find(ctx, b.Reference(named))
		require.NoError(t, err, named)
		assert.Equal(t, digest, found.Digest, named)
	}
	_, err := officials.Find(ctx, b.Reference("official/gone:x"))
	require.ErrorIs(t, err, classify.ErrAbsent)
	_, err = (&Officials{Client: client, Engine: engine, Platform: "linux/arm64"}).Find(ctx, b.Reference("official/one:x"))
	require.ErrorIs(t, err, classify.ErrPlatform)
	b.Proxy.Script(registrytest.Rule{Fault: registrytest.Page(http.StatusBadGateway)})
	_, err = officials.Find(ctx, b.Reference("official/two:x"))
	require.ErrorContains(t, err, "502 Bad Gateway")
	assert.Empty(t, engine.asked)
}
