package run

import (
	"context"
	"dagger/eval-images/pipeline/plan"
	"time"
)

// Published is an image that was made, and what that took.
type Published struct {
	// Digest is the manifest's digest in the registry, "sha256:…". Empty if nothing was published.
	// With a [*classify.PushError] it is the digest that the image would have there, or empty if
	// the publisher does not know it.
	Digest string
	// Rebased says that a base image has the layers of image.Rebase, as was asked for. A publisher
	// that cannot do that builds the image.
	Rebased bool
	// Build is the time until the image existed, Push the time from then until the registry had it.
	// A publisher that does both in one go counts all of it as Push.
	Build, Push time.Duration
}

// Publisher makes an image and puts it under its reference, or only makes it, in a run that
// publishes nothing. It is called by many goroutines at a time, and returns once the registry has
// the image or never will. An image that was made and not published is a [*classify.PushError].
type Publisher interface {
	Publish(ctx context.Context, image plan.Image) (Published, error)
}

// Tagger gives images that the registry has further names.
type Tagger interface {
	// Tag makes a reference name an image, which is given by its digest, in the same repository. It
	// makes nothing anew: the image keeps its digest, and its other names. Where the registry
	// refuses the name, the error is a [*classify.PushError].
	Tag(ctx context.Context, image, reference string) error
}

// Registry tells what exists. There are three answers: the image, [classify.ErrAbsent], or any
// other error, which means that nobody knows. An image of which nobody knows is neither built nor
// skipped: it fails. Of a reference with a digest Find tells all that there is to tell; of another
// it may leave out, as [Found.HeadOnly] says, what costs more to ask.
type Registry interface {
	Find(ctx context.Context, reference string) (plan.Found, error)
}
