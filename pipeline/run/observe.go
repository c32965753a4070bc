package run

import (
	"context"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/stopwatch"
)

// observed does one unit of work: watched, in sight of the run's observer, and with a record that
// tells how it ended.
func (r *run) observed(ctx context.Context, record manifest.Record, work func(context.Context, *manifest.Record) error) (manifest.Record, error) {
	ctx, done := r.Observe(ctx, record.Name())
	err := r.watched(ctx, record.Name(), func(ctx context.Context) error { return work(ctx, &record) })
	if err != nil {
		err = record.Failure(err)
		r.fail(&record, err)
	}
	done(err)
	return record, err
}

// watched does work in sight of the heartbeat, and within the timeout. What the work waits for
// others, and for the registry's limits and outages, does not count.
func (r *run) watched(ctx context.Context, unit string, work func(context.Context) error) error {
	r.pulse.begin(unit)
	defer r.pulse.end(unit)
	limited, cancel := stopwatch.WithTimeout(context.WithValue(ctx, runKey{}, ctx), r.clock, r.Timeout)
	defer cancel()
	return classify.Recovered(func() error { return work(limited) })
}

// runKey finds the context of the run under that of an image.
type runKey struct{}

// stillRunning is the image's context or, once the image's time is over, that of the run.
func stillRunning(ctx context.Context) context.Context {
	if whole, ok := ctx.Value(runKey{}).(context.Context); ok && ctx.Err() != nil {
		return whole
	}
	return ctx
}

func (r *run) result() *manifest.Result {
	result := &manifest.Result{Images: r.images}
	if r.builder.Status != "" {
		result.Builders = []manifest.Record{r.builder}
	}
	for _, base := range r.bases {
		if base.Status != "" {
			result.Bases = append(result.Bases, base)
		}
	}
	return result
}
