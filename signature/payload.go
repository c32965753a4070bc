package signature

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sigstore/sigstore/pkg/signature/payload"

	"dagger/eval-images/redact"
	"dagger/eval-images/reference"
)

// Media type of a payload in cosign's manifests, and the annotation of its layer that has the
// signature, in base64.
const (
	PayloadType         = "application/vnd.dev.cosign.simplesigning.v1+json"
	SignatureAnnotation = "dev.cosignproject.cosign/signature"
)

// MaxPayload is the most bytes that a payload, or a bundle, may have: 64 KiB. They have some
// hundreds.
const MaxPayload = 64 << 10

var errTooLong = fmt.Errorf("it has more than %d KiB", MaxPayload>>10)

// Image is what a signature has to be of.
type Image struct {
	// Repository of the image, as "ghcr.io/me/eval-base".
	Repository string
	// Digest of its manifest, "sha256:…".
	Digest string
}

// CheckPayload returns nil if the signature, in base64, is by the key and of the payload, and the
// payload of the image. The error is [ErrOtherKey] if it is by another key: then nothing is known
// of the payload.
func (k *Key) CheckPayload(signed []byte, signature string, image Image) error {
	if err := k.verify(signed, signature); err != nil {
		return err
	}
	var of payload.Cosign
	if err := json.Unmarshal(signed, &of); err != nil {
		return fmt.Errorf("its payload is not cosign's: %w", redact.Reword(err, err.Error()))
	}
	if of.Image.DigestStr() != image.Digest {
		return fmt.Errorf("it is of another image, %s", redact.Quote(of.Image.DigestStr()))
	}
	want, err := reference.Parse(image.Repository)
	if err != nil {
		return fmt.Errorf("reading the repository: %w", err)
	}
	got, err := reference.Parse(of.ClaimedIdentity)
	if err != nil || got.Repository() != want.Repository() {
		return fmt.Errorf("it is of an image in another repository, %s", redact.Quote(of.ClaimedIdentity))
	}
	return nil
}

// verify checks a signature in base64.
func (k *Key) verify(signed []byte, signature string) error {
	if len(signed) > MaxPayload {
		return errTooLong
	}
	decoded, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return errors.New("it is not in base64")
	}
	if k.verifier.VerifySignature(bytes.NewReader(decoded), bytes.NewReader(signed)) != nil {
		return ErrOtherKey
	}
	return nil
}
