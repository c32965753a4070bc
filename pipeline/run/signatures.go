package run

import (
	"context"
	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
	"errors"
	"fmt"
)

// Signatures tell whether an image that a registry has is signed.
type Signatures interface {
	// Verify returns nil if the image, a reference with its digest, carries a signature that
	// counts. The error is an [*classify.UnsignedError] if it carries none. Any other error leaves
	// the question open.
	Verify(ctx context.Context, reference string) error
}

// checkSignature returns nil if an existing image is signed, or if the run does not ask for
// signatures. Every existing image passes it before the run uses it, but not what the run itself
// has just published.
func (r *run) checkSignature(ctx context.Context, record *manifest.Record, reference string, found plan.Found) error {
	if r.Signatures == nil {
		return nil
	}
	pinned := pin(reference, redact.Field(found.Digest))
	err := r.try(ctx, record, "ask", classify.HostsOf(reference), func(ctx context.Context) error { return r.Signatures.Verify(ctx, pinned) })
	var unsigned *classify.UnsignedError
	if err == nil || errors.As(err, &unsigned) {
		return err
	}
	return fmt.Errorf("reading the signatures of %s: %w", reference, err)
}
