package signature

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	sigstore "github.com/sigstore/sigstore/pkg/signature/dsse"

	"dagger/eval-images/redact"
)

// BundleType is the media type of a bundle.
const BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// What a bundle's statement is, if it signs an image. A statement of another type says something
// else about it, such as that it was scanned.
const (
	statementMedia = "application/vnd.in-toto+json"
	statementType  = "https://in-toto.io/Statement/v1"
	signsImage     = "https://sigstore.dev/cosign/sign/v1"
)

// CheckBundle returns nil if the bundle signs the image by the key. The error is [ErrOtherKey] if
// it is by another key, or has a certificate in the place of one: then nothing is known of what it
// says. A bundle names no repository, so only the digest is compared.
func (k *Key) CheckBundle(bundle []byte, image Image) error {
	if len(bundle) > MaxPayload {
		return errTooLong
	}
	var read struct {
		Envelope json.RawMessage `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(bundle, &read); err != nil {
		return fmt.Errorf("it is no bundle: %w", redact.Reword(err, err.Error()))
	}
	var envelope dsse.Envelope
	if err := json.Unmarshal(read.Envelope, &envelope); err != nil {
		return errors.New("its bundle has no envelope")
	}
	if sigstore.WrapVerifier(k.verifier).VerifySignature(bytes.NewReader(read.Envelope), nil) != nil {
		return ErrOtherKey
	}
	return checkStatement(envelope, image)
}

// checkStatement compares what an envelope has, whose signature was checked, with the image.
func checkStatement(envelope dsse.Envelope, image Image) error {
	body, err := envelope.DecodeB64Payload()
	if err != nil {
		return errors.New("its statement is not in base64")
	}
	var statement struct {
		Type          string `json:"_type"`
		PredicateType string `json:"predicateType"`
		Subject       []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := json.Unmarshal(body, &statement); err != nil {
		return fmt.Errorf("its statement cannot be read: %w", redact.Reword(err, err.Error()))
	}
	if envelope.PayloadType != statementMedia || statement.Type != statementType || statement.PredicateType != signsImage {
		return fmt.Errorf("it is no signature of an image but %s", redact.Quote(statement.PredicateType))
	}
	var digests []string
	for _, subject := range statement.Subject {
		digests = append(digests, "sha256:"+subject.Digest["sha256"])
	}
	if !slices.Contains(digests, image.Digest) {
		return fmt.Errorf("it is of another image, %s", redact.Quote(strings.Join(digests, ", ")))
	}
	return nil
}
