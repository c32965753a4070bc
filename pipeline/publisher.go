package pipeline

import (
	"context"
	"errors"
	"time"

	"dagger/eval-images/dataset"
)

// Image is one image to make: what it is, what it is made of, and the name it gets.
type Image struct {
	// Phase says which of the three kinds of image it is.
	Phase Phase
	// Instance is what it is for; zero for the builder.
	Instance dataset.Instance
	// Identity is what the plan wants it to be, and what its labels say.
	Identity Identity
	// Reference is the name it is published under, without a digest.
	Reference string
	// Official is what a base image is built on: the official image's reference, with its digest where that is
	// known. An agent image has it too, for its label.
	Official string
	// Graft is the base image whose recipe's layers a base image gets, so that the recipe need not run. Nil: it runs.
	Graft *Graft
	// Wrap is what a base image gets on top of the recipe; nil for most.
	Wrap *Wrap
	// Builder and Base are what an agent image is assembled of: references with a digest. Both are empty for
	// the other phases, and in a run that publishes nothing: there the publisher has just made them itself.
	Builder, Base string
}

// Published is an image that was made, and what that took.
type Published struct {
	// Digest is the manifest's digest in the registry, "sha256:…". Empty if nothing was published. With a
	// [*PushError] it is the digest that the image would have there, or empty if the publisher does not know
	// it.
	Digest string
	// Grafted says that a base image has the layers of image.Graft, as was asked for. A publisher that cannot
	// do that builds the image.
	Grafted bool
	// Build is the time until the image existed, Push the time from then until the registry had it. A publisher
	// that does both in one go counts all of it as Push.
	Build, Push time.Duration
}

// Publisher makes an image and puts it under its reference, or only makes it, in a run that publishes nothing.
// It is called by many goroutines at a time, and returns once the registry has the image or never will. An
// image that was made and not published is a [*PushError].
type Publisher interface {
	Publish(ctx context.Context, image Image) (Published, error)
}

// Tagger gives images that the registry has further names.
type Tagger interface {
	// Tag makes a reference name an image, which is given by its digest, in the same repository. It makes nothing anew: the
	// image keeps its digest, and its other names. Where the registry refuses the name, the error is a [*PushError].
	Tag(ctx context.Context, image, reference string) error
}

// ErrAbsent says that a registry answered, and that it does not have an image.
var ErrAbsent = errors.New("not in the registry")

// Found is an image that a registry has.
type Found struct {
	// Digest is its manifest's digest, "sha256:…".
	Digest string
	// BaseDigest and OfficialDigest are those of the base image and of the official image that it stands on, as
	// its labels tell. Empty for images that something else made.
	BaseDigest, OfficialDigest string
	// Identity is what the image says of itself.
	Identity Identity
	// HeadOnly says that the registry was asked for the head of the manifest only, which tells the digest and
	// nothing else.
	HeadOnly bool
	// Unlabelled says that a run trusts the image without all of its labels: see [Runner.TrustUnlabelled].
	Unlabelled bool
}

// Registry tells what exists. There are three answers: the image, [ErrAbsent], or any other error, which
// means that nobody knows. An image of which nobody knows is neither built nor skipped: it fails. Of a
// reference with a digest Find tells all that there is to tell; of another it may leave out, as
// [Found.HeadOnly] says, what costs more to ask.
type Registry interface {
	Find(ctx context.Context, reference string) (Found, error)
}
