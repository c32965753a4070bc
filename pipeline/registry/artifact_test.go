package registry

import (
	"net/http"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestArtifacts are read as they were put, and a blob is put once.
func TestArtifacts(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	_, err := client.Artifact(ctx, "base", "kept")
	require.ErrorIs(t, err, classify.ErrAbsent)
	b.Proxy.Script()
	put := oci.Artifact{Type: "application/vnd.test.v1+json", Annotations: map[string]string{"a": "b"}}
	for range 2 {
		blob, err := client.PutBlob(ctx, "base", []byte("blob"))
		require.NoError(t, err)
		blob.MediaType, blob.Annotations = "application/vnd.test.blob", map[string]string{"c": "d"}
		put.Blobs = append(put.Blobs, blob)
	}
	require.NoError(t, client.PutArtifact(ctx, "base", "kept", put))
	assert.Equal(t, 2, b.Proxy.Count(http.MethodPut, "/blobs/"), "the blob and the config")

	got, err := client.Artifact(ctx, "base", "kept")
	require.NoError(t, err)
	assert.Equal(t, put, got)
	blob, err := client.Blob(ctx, "base", got.Blobs[0].Digest)
	require.NoError(t, err)
	assert.Equal(t, "blob", string(blob))
	raw, err := b.Pull(t, "base:kept").RawManifest()
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": "application/vnd.test.v1+json",
		"config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "size": 2},
		"layers": [
			{"mediaType": "application/vnd.test.blob", "digest": "sha256:fa2c8cc4f28176bbeed4b736df569a34c79cd3723e9ec42f9674b4d46ac6b8b8", "size": 4, "annotations": {"c": "d"}},
			{"mediaType": "application/vnd.test.blob", "digest": "sha256:fa2c8cc4f28176bbeed4b736df569a34c79cd3723e9ec42f9674b4d46ac6b8b8", "size": 4, "annotations": {"c": "d"}}
		],
		"annotations": {"a": "b"}
	}`, string(raw))
}

func TestArtifactsThatFail(t *testing.T) {
	b := registrytest.NewBed(t)
	client := connect(t, b, Access{})
	blob, err := client.PutBlob(ctx, "base", []byte("blob"))
	require.NoError(t, err)
	artifact := oci.Artifact{Blobs: []v1.Descriptor{blob}}
	require.ErrorContains(t, client.PutArtifact(ctx, "base", "kept", oci.Artifact{}), "the artifact has no blob")
	b.Push(t, "base:image", registrytest.Layered(t, types.OCIManifestSchema1, "one"))
	image, err := client.Artifact(ctx, "base", "image")
	require.NoError(t, err)
	assert.Empty(t, image.Type, "an image is none")

	refused := registrytest.Answer(http.StatusBadRequest, "")
	b.Proxy.Script(registrytest.Rule{Path: "/blobs/uploads/", Fault: refused})
	require.ErrorContains(t, client.PutArtifact(ctx, "base", "kept", artifact), "uploading the config: ")
	b.Proxy.Script(registrytest.Rule{Path: "/manifests/", Fault: refused})
	require.ErrorContains(t, client.PutArtifact(ctx, "base", "kept", artifact), "tagging the manifest: ")
	b.Proxy.Script(registrytest.Rule{Path: "/blobs/", Fault: registrytest.Answer(http.StatusOK, "other")})
	_, err = client.Blob(ctx, "base", blob.Digest)
	require.ErrorContains(t, err, "the registry's answer has the digest sha256:")
	b.Proxy.Script(registrytest.Rule{Path: "/blobs/", Fault: registrytest.Answer(http.StatusNotFound, "")})
	_, err = client.Blob(ctx, "base", blob.Digest)
	require.ErrorContains(t, err, "404 Not Found")
	for name, body := range map[string]string{"no JSON": "{", "a layer without a digest": `{"layers":[{}]}`, "another type": `{"artifactType":1}`} {
		b.Proxy.Script(registrytest.Rule{Path: "/manifests/", Fault: registrytest.Answer(http.StatusOK, body, "Content-Type", string(types.OCIManifestSchema1))})
		_, err = client.Artifact(ctx, "base", "kept")
		require.Error(t, err, name)
	}
}

func TestDockerHubCountsPulls(t *testing.T) {
	for host, counts := range map[string]bool{"docker.io/x": true, "index.docker.io/x": true, "ghcr.io/x/y": false, "localhost:5000/x": false} {
		repository, err := parseRepository(host)
		require.NoError(t, err)
		assert.Equal(t, counts, (&Client{host: repository.Registry}).CountsPulls(), host)
	}
}
