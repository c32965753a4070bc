package oci

import (
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"dagger/eval-images/redact"
)

// ErrNoImage says that a reference does not name an image: most likely it names an index of images
// for several platforms.
var ErrNoImage = errors.New("not an image")

// Manifest of an image.
type Manifest struct {
	v1.Manifest
	// Raw is the manifest as the registry has it.
	Raw []byte
	// Digest of Raw.
	Digest v1.Hash
}

// ReadManifest reads what a registry answers for a reference. The error is an [IndexError] for an
// index, and [ErrNoImage] for anything else that is not an image's manifest.
func ReadManifest(ref name.Reference, body []byte, contentType string) (*Manifest, error) {
	m := &Manifest{Raw: body, Digest: DigestOf(body)}
	if err := checkDigest(ref, m.Digest); err != nil {
		return nil, err
	}
	if err := Decode(body, &m.Manifest); err != nil {
		return nil, fmt.Errorf("reading the manifest of %s: %w", ref, err)
	}
	if m.MediaType == "" { // OCI leaves it to the header.
		m.MediaType = types.MediaType(contentType)
	}
	if !m.MediaType.IsImage() {
		err := fmt.Errorf("%w: the media type of %s is %s", ErrNoImage, ref, redact.Quote(string(m.MediaType)))
		if m.MediaType.IsIndex() {
			return nil, &IndexError{Digest: m.Digest.String(), Raw: body, err: err}
		}
		return nil, err
	}
	return m, nil
}

// checkDigest returns an error if a reference has a digest, and it is not the one of the answer.
func checkDigest(ref name.Reference, got v1.Hash) error {
	if digest, ok := ref.(name.Digest); ok && digest.DigestStr() != got.String() {
		return fmt.Errorf("reading %s: the registry's answer has the digest %s", ref, got)
	}
	return nil
}

// Check returns an error if the manifest lacks the digest of its config or of a layer.
func (m *Manifest) Check() error {
	for _, of := range append([]v1.Descriptor{m.Config}, m.Layers...) {
		if of.Digest == (v1.Hash{}) {
			return errors.New("its manifest has a config or a layer without a digest")
		}
	}
	return nil
}
