package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dagger/eval-images/pipeline/clock"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
	"dagger/eval-images/redact"
)

// Defaults of a [Runner].
const (
	DefaultMaxWorkers = 12
	DefaultTimeout    = 2000 * time.Second
	DefaultHeartbeat  = time.Minute
)

// Runner makes the images of a plan. It needs a Publisher; all else has a default.
//
// A run asks the registry for the builder and for every agent image first. An agent image that is
// there and lacks a further reference gets it. Then the run makes what is absent: the builder, if
// anything is, and each agent image after its base. Images are started in the plan's order, at most
// MaxWorkers at a time. A failure costs its own image. Only without a builder, or with a failure
// that every image would meet (a full disk, credentials that may not push), the run ends early.
// What the host of official images does not give, a run goes on without, unless it publishes there
// as well.
type Runner struct {
	// Publisher makes the images.
	Publisher Publisher
	// Registry tells which images exist. Nil, for a run that publishes nothing: all are made.
	Registry Registry
	// Tagger puts further references on agent images that the registry has. Nil: an image that
	// lacks one fails.
	Tagger Tagger
	// Official tells the digests of the official images, so that a base image is built on one that
	// cannot change in between. Nil: they are used by their tags.
	Official Registry
	// Sharing tells which base images can have the recipe's layers in common. Nil: the recipe runs
	// for each.
	Sharing Sharing
	// Signatures tell which images that are there may be used. Nil: all of them.
	Signatures Signatures
	// MaxWorkers is how many images are in work at a time. Zero: 12.
	MaxWorkers int
	// Force makes every image, whatever the registry has.
	Force bool
	// TrustUnlabelled skips an image that does not say all that it is, as long as what it says
	// agrees with the plan. Without it such an image fails.
	TrustUnlabelled bool
	// Retry says how often something is tried.
	Retry throttle.Retry
	// Timeout bounds one image, retries included: making the builder, a base image or an agent
	// image, and likewise asking for one agent image before, and for one official image in
	// [Runner.Pin]. Waits for other images, and for the registry's limits and outages, do not
	// count. Zero: 2000 s.
	Timeout time.Duration
	// Observe, unless nil, is told of each unit of work as it starts, and by the function it
	// returns how that ended, with an error that is safe to show. The unit's work runs under the
	// context it returns.
	Observe func(ctx context.Context, unit string) (context.Context, func(error))
	// Report, unless nil, gets a line about what is in work, once in a Heartbeat (zero: a minute),
	// so that a run which takes its time can be told from one that hangs.
	Report    func(line string)
	Heartbeat time.Duration

	clock clock.Clock // Nil: the system's.
}

// Run makes the images of the plan. What became of single images stands in the result, which is
// never nil. With an error too it tells of every image: those that were not finished are failed
// ones. An error is a [*manifest.Failure] of the image that ended the run before any agent image
// was made, because the registry gave no answer or there is no builder, or else the context's.
func (r Runner) Run(ctx context.Context, plan plan.Plan) (*manifest.Result, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	return newRun(r, plan, cancel).do(ctx, inner)
}

// do makes the images. Inner ends with ctx, or before that if the run ends early.
func (r *run) do(ctx, inner context.Context) (*manifest.Result, error) {
	defer r.beat(inner)()
	err := r.check(inner)
	if err == nil {
		err = r.makeBuilder(inner)
	}
	if err != nil {
		r.leaveRest(whyLeft(ctx, err))
		return r.result(), err
	}
	r.makeImages(inner)
	return r.result(), ctx.Err()
}

// whyLeft is in short what kept a run from its agent images. The reason in full is the error's, and
// stands in the record of the image that failed.
func whyLeft(ctx context.Context, err error) error {
	var failure *manifest.Failure
	if ctx.Err() == nil && errors.As(err, &failure) {
		return fmt.Errorf("%s failed", plan.Unit(failure.Phase, failure.Instance))
	}
	return context.Cause(ctx)
}

func (r Runner) withDefaults() Runner {
	throttle.OrDefault(&r.MaxWorkers, DefaultMaxWorkers)
	throttle.OrDefault(&r.Timeout, DefaultTimeout)
	throttle.OrDefault(&r.Heartbeat, DefaultHeartbeat)
	throttle.OrDefault[clock.Clock](&r.clock, clock.System{})
	if r.Observe == nil {
		r.Observe = func(ctx context.Context, _ string) (context.Context, func(error)) { return ctx, func(error) {} }
	}
	observe := r.Observe
	r.Observe = func(ctx context.Context, unit string) (context.Context, func(error)) {
		ctx, done := observe(ctx, redact.Line(unit))
		return ctx, func(err error) { done(redact.Error(err)) }
	}
	return r
}

// publishes says whether a run publishes what it makes.
func (r Runner) publishes() bool { return r.Registry != nil }
