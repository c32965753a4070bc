package run

import (
	"context"
	"time"

	"dagger/eval-images/pipeline/plan"
)

// Published describes a finished image, and how long it took.
type Published struct {
	// Digest is the manifest's digest in the registry, "sha256:…". It is empty if nothing was
	// published. With a [*classify.PushError] it is the digest that the image would have there, or
	// empty if the publisher does not know it.
	Digest string
	// Rebased reports that a base image got the layers of image.Rebase, as requested. A publisher
	// that cannot rebase builds the image.
	Rebased bool
	// RebaseRefused is why not, if something about the image is the reason.
	RebaseRefused string
	// Build is the time until the image existed, Push the time from then until the registry had it.
	// A publisher that does both in one step counts all of it as Push.
	Build, Push time.Duration
}

// Publisher makes an image and publishes it under its reference; in a run that publishes nothing,
// it only makes it. Publish may be called concurrently. It returns once the registry has the image,
// or with an error, which is a [*classify.PushError] if the image was made but not published.
type Publisher interface {
	Publish(ctx context.Context, image plan.Image) (Published, error)
}

// Tagger puts further references on existing images.
type Tagger interface {
	// Tag puts a reference on an image, given by its digest, in the same repository. The image
	// keeps its digest and its other references. If the registry refuses the reference, the error
	// is a [*classify.PushError].
	Tag(ctx context.Context, image, reference string) error
}

// Registry finds images. Find returns the image, [classify.ErrAbsent], or another error, which
// leaves the question open: then the run neither builds nor skips the image, but fails it. For a
// reference with a digest Find returns all fields. For other references it may omit fields that
// cost another request: see [plan.Found.HeadOnly].
type Registry interface {
	Find(ctx context.Context, reference string) (plan.Found, error)
}
