package pipeline

import (
	"context"
	"time"
)

// Defaults of a [Runner].
const (
	DefaultMaxWorkers = 12
	DefaultTimeout    = 2000 * time.Second
	DefaultHeartbeat  = time.Minute
)

// Runner makes the images of a plan. It needs a Publisher; all else has a default.
//
// A run asks the registry for the builder and for every agent image first, then makes what is absent: the builder, if anything is,
// and each agent image after its base. Images are started in the plan's order, at most MaxWorkers at a time. A failure costs its own
// image. Only without a builder, or with a failure that every image would meet (a full disk, credentials that may not push), the run
// ends early.
type Runner struct {
	// Publisher makes the images.
	Publisher Publisher
	// Registry tells which images exist. Nil, for a run that publishes nothing: all are made.
	Registry Registry
	// Official tells the digests of the official images, so that a base image is built on one that cannot change in between. Nil: they
	// are used by their tags.
	Official Registry
	// Sharing tells which base images can have the recipe's layers in common. Nil: the recipe runs for each.
	Sharing Sharing
	// MaxWorkers is how many images are in work at a time. Zero: 12.
	MaxWorkers int
	// Force makes every image, whatever the registry has.
	Force bool
	// Retry says how often something is tried.
	Retry Retry
	// Timeout bounds one image, retries included. Zero: 2000 s.
	Timeout time.Duration
	// Observe, unless nil, is told of each unit of work as it starts, and by the function it returns how that ended. The unit's work
	// runs under the context it returns.
	Observe func(ctx context.Context, unit string) (context.Context, func(error))
	// Report, unless nil, gets a line about what is in work, once in a Heartbeat (zero: a minute), so that a run which takes its time
	// can be told from one that hangs.
	Report    func(line string)
	Heartbeat time.Duration
}

// Run makes the images of the plan. An error means that nothing could be made: it is a [*Failure] of the builder, or the context's.
// What became of single images stands in the result. After a cancellation there is both: a result in which every image that was not
// finished is a failed one, and the context's error.
func (r Runner) Run(ctx context.Context, plan Plan) (*Result, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	run := newRun(r, plan, cancel)
	defer run.beat(inner)()
	if err := run.check(inner); err != nil {
		return nil, err
	}
	if err := run.makeBuilder(inner); err != nil {
		return nil, err
	}
	run.makeImages(inner)
	return run.result(), ctx.Err()
}

func (r Runner) withDefaults() Runner {
	orDefault(&r.MaxWorkers, DefaultMaxWorkers)
	orDefault(&r.Timeout, DefaultTimeout)
	orDefault(&r.Heartbeat, DefaultHeartbeat)
	if r.Observe == nil {
		r.Observe = func(ctx context.Context, _ string) (context.Context, func(error)) { return ctx, func(error) {} }
	}
	return r
}

// publishes says whether a run publishes what it makes.
func (r Runner) publishes() bool { return r.Registry != nil }
