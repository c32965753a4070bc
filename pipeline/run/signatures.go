package run

import (
	"context"
	"errors"
	"fmt"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
)

// Signatures verify the signatures of existing images.
type Signatures interface {
	// Verify returns nil if the image, given by its digest, carries a valid signature, and an
	// [*classify.UnsignedError] if it carries none. Any other error leaves the question open.
	Verify(ctx context.Context, reference string) error
}

// checkSignature returns nil if an existing image is signed, or if the run does not require
// signatures. The run checks every existing image before it uses it, but not the images that it has
// just published.
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
