package pipeline

import (
	"context"
	"errors"
	"fmt"
)

// Signatures tell whether an image that a registry has is signed.
type Signatures interface {
	// Verify returns nil if the image, a reference with its digest, carries a signature that counts. The error is
	// an [*UnsignedError] if it carries none. Any other error leaves the question open.
	Verify(ctx context.Context, reference string) error
}

// UnsignedError says that a registry has an image under a name of the plan, but without a signature that counts.
type UnsignedError struct {
	// Reference of the image, with its digest.
	Reference string
	// Reason says why none of its signatures counts, or that it has none.
	Reason string
}

// Error names the image, and what is wrong with its signatures.
func (e *UnsignedError) Error() string {
	return fmt.Sprintf("%s is not signed by --verify-key: %s", e.Reference, e.Reason)
}

// Cause is permanent: a signature does not come by itself.
func (e *UnsignedError) Cause() Cause { return Cause{Kind: KindPermanent, Advice: AdviceUnsigned} }

// checkSignature returns nil if an existing image is signed, or if the run does not ask for signatures. Every
// existing image passes it before the run uses it, but not what the run itself has just published.
func (r *run) checkSignature(ctx context.Context, record *Record, reference string, found Found) error {
	if r.Signatures == nil {
		return nil
	}
	pinned := pin(reference, text(found.Digest))
	err := r.try(ctx, record, "ask", hostsOf(reference), func(ctx context.Context) error { return r.Signatures.Verify(ctx, pinned) })
	var unsigned *UnsignedError
	if err == nil || errors.As(err, &unsigned) {
		return err
	}
	return fmt.Errorf("reading the signatures of %s: %w", reference, err)
}
