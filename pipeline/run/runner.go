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
)

// Runner makes the images of a plan. It needs a Publisher; all other fields have defaults.
//
// A run first asks the registry for the builder and for every agent image. It puts missing further
// references on existing agent images. Then it makes what is absent: the builder, if anything is,
// and each agent image after its base. It starts images in the plan's order, at most MaxWorkers at
// a time. A failed image does not stop the others. The run ends early only without a builder, or
// with a failure that every image would meet (a full disk, credentials that may not push). A
// failure of the official images' host does not end the run, unless the run publishes there too.
type Runner struct {
	// Publisher makes the images.
	Publisher Publisher
	// Registry finds existing images. Nil, for a run that publishes nothing: all images are made.
	Registry Registry
	// Tagger puts further references on existing agent images. Nil: an image that lacks one fails.
	Tagger Tagger
	// Official finds the digests of the official images, so that a base image cannot change during
	// the run. Nil: the run uses their tags.
	Official Registry
	// Sharing tells which base images can share the recipe's layers. Nil: the recipe runs for each.
	Sharing Sharing
	// Auditor compares one base image of each rebase key with what the shared layers would make.
	// Nil: the keys are believed.
	Auditor Auditor
	// Mirror brings official images to the registry that the run publishes to, before their base
	// images are made. Nil: official images stay where they are.
	Mirror Mirror
	// Signatures tell which existing images the run may use. Nil: all of them.
	Signatures Signatures
	// MaxWorkers is the maximum number of images in progress. Zero: 12.
	MaxWorkers int
	// Force makes every image, even those that the registry has.
	Force bool
	// TrustUnlabelled accepts an image whose labels are incomplete, as long as the existing ones
	// agree with the plan. Without it such an image fails.
	TrustUnlabelled bool
	// Hosts has the retry policy, and holds the run back at registries. The run's registry clients
	// have the same Hosts, as [registry.Access.Sender]. It is for one run at a time. Nil: the run
	// has its own, with the default policy.
	Hosts *throttle.Hosts
	// Timeout bounds one unit of work, retries included: making the builder, a base image or an
	// agent image, checking one agent image, or finding one official image in [Runner.Pin]. Waits
	// for other images, and for the registry's limits and outages, do not count. Zero: 2000 s.
	Timeout time.Duration
	// Observe, if not nil, is called for a unit of work whose steps are worth seeing, before it
	// begins, and for any other one that fails, when it has failed. The work runs under the returned
	// context, and the returned function gets its error, which is safe to show. See [Trace].
	Observe func(ctx context.Context, unit string) (context.Context, func(error))
	// Report, if not nil, gets a line when a phase begins and when it ends, and in between one per
	// Heartbeat about what is done, what is left, and what takes long. Zero: every five seconds at
	// first, and less often later.
	Report    func(line string)
	Heartbeat time.Duration
	// Traffic returns the bytes of official images that the run has moved so far, and those that it
	// needs in all, as far as is known by now. Nil, or no bytes in all: progress leaves them out.
	Traffic func() (moved, total int64)

	clock clock.Clock // Nil: the system's.
}

// Run makes the images of the plan. The result is never nil, and has the outcome of each image.
// Even with an error it covers every image: unfinished ones count as failed. The error is a
// [*manifest.Failure] if the run ended before any agent image, because the registry did not answer
// or there is no builder; otherwise it is the context's.
func (r Runner) Run(ctx context.Context, plan plan.Plan) (*manifest.Result, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	return newRun(r, plan, cancel).do(ctx, inner)
}

// do makes the images. Inner ends with ctx, or earlier if the run ends early.
func (r *run) do(ctx, inner context.Context) (*manifest.Result, error) {
	defer r.beat()()
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

// whyLeft returns a short reason why a run did not reach its agent images. The error and the record
// of the failed image have the full reason.
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
	throttle.OrDefault[clock.Clock](&r.clock, clock.System{})
	if r.Hosts == nil {
		r.Hosts = new(throttle.Hosts)
	}
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

// publishes reports whether the run publishes its images.
func (r Runner) publishes() bool { return r.Registry != nil }
