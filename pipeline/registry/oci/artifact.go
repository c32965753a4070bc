package oci

import (
	"encoding/json"
	"errors"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// EmptyConfig is the config of an artifact that has none.
// https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md#guidance-for-an-empty-descriptor
const EmptyConfig = "{}"

// emptyType is its media type.
const emptyType = "application/vnd.oci.empty.v1+json"

// Artifact is a manifest of blobs that are no image's, in the form that OCI has for such.
// https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md#guidelines-for-artifact-usage
type Artifact struct {
	// Type of the artifact, a media type.
	Type string
	// Blobs of the artifact. There is at least one.
	Blobs       []v1.Descriptor
	Annotations map[string]string
}

// artifactManifest is an image's manifest with the field that makes it an artifact's.
type artifactManifest struct {
	v1.Manifest
	ArtifactType string `json:"artifactType,omitempty"`
}

// Encode makes the manifest. The same artifact makes the same one.
func (a Artifact) Encode() (*Manifest, error) {
	if len(a.Blobs) == 0 {
		return nil, errors.New("the artifact has no blob")
	}
	manifest := artifactManifest{ArtifactType: a.Type, Manifest: v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Layers: a.Blobs, Annotations: a.Annotations,
		Config: v1.Descriptor{MediaType: emptyType, Digest: DigestOf([]byte(EmptyConfig)), Size: int64(len(EmptyConfig))},
	}}
	raw, err := json.Marshal(manifest)
	if err != nil {
		return nil, err
	}
	return &Manifest{Manifest: manifest.Manifest, Raw: raw, Digest: DigestOf(raw)}, nil
}

// ReadArtifact reads a manifest as an artifact's. An image has no type.
func ReadArtifact(m *Manifest) (Artifact, error) {
	var of artifactManifest
	if err := Decode(m.Raw, &of); err != nil {
		return Artifact{}, err
	}
	if err := m.Check(); err != nil {
		return Artifact{}, err
	}
	return Artifact{Type: of.ArtifactType, Blobs: m.Layers, Annotations: m.Annotations}, nil
}
