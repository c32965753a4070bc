// Package signature checks the signatures that cosign puts beside images, by a public key. It sends
// nothing: who reads an image's signatures hands them over.
//
// It knows the two forms that cosign has: a payload with a signature in an annotation
// (https://github.com/sigstore/cosign/blob/v2.6.5/specs/SIGNATURE_SPEC.md), and a bundle
// (https://github.com/sigstore/cosign/blob/v3.1.3/specs/BUNDLE_SPEC.md). It knows no certificates
// and no transparency log: the key is all that counts.
package signature

import (
	"crypto"
	"errors"
	"fmt"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"dagger/eval-images/redact"
)

// MaxKey is the most bytes that a file with a public key may have.
const MaxKey = 64 << 10

// ErrOtherKey says that a signature is not by the key.
var ErrOtherKey = errors.New("it is not by this key")

// Key is a public key that images are signed with. It may be used by many goroutines at a time.
type Key struct {
	verifier signature.Verifier
}

// ReadKey reads a public key in PEM, as `cosign generate-key-pair` writes it to cosign.pub: ECDSA,
// Ed25519 or RSA. A key that is known to be weak is an error.
func ReadKey(pem []byte) (*Key, error) {
	if len(pem) > MaxKey {
		return nil, fmt.Errorf("it has more than %d KiB", MaxKey>>10)
	}
	public, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
	if err != nil {
		return nil, fmt.Errorf("it is no public key in PEM, such as cosign.pub: %w", redact.Reword(err, err.Error()))
	}
	if err := cryptoutils.ValidatePubKey(public); err != nil {
		return nil, fmt.Errorf("the key is not safe: %w", redact.Reword(err, err.Error()))
	}
	verifier, err := signature.LoadVerifier(public, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("the key is of no use: %w", redact.Reword(err, err.Error()))
	}
	return &Key{verifier}, nil
}
