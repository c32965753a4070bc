package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
)

// Lack is a reference under which the registry does not have the plan's image.
type Lack struct {
	Reference string
	// Why names the instance. It is a [*plan.TakenError], [*plan.UnlabelledError] or
	// [*classify.UnsignedError] if the registry has another image of that name, and nil if it has
	// none.
	Why error
}

// String returns the reason, or the reference if the registry has no image of that name.
func (l Lack) String() string {
	if l.Why == nil {
		return l.Reference
	}
	return l.Why.Error()
}

// Advice tells what to do about images that a run would not replace. It gives each advice once.
func Advice(lacks []Lack) (advice []string) {
	for _, lack := range lacks {
		if text := classify.Of(lack.Why).Advice; text != "" && !slices.Contains(advice, text) {
			advice = append(advice, text)
		}
	}
	return advice
}

// Missing asks the registry for every agent image of the plan under all its references, and returns
// the references that it lacks. These include references to an image that is not the plan's or
// lacks labels, and further references to another image than the main one. The error names the
// agent images for which the registry did not give all answers; the references known to be missing
// come with it.
func (r Runner) Missing(ctx context.Context, plan plan.Plan) ([]Lack, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	run := newRun(r, plan, cancel)
	missing, unknown := make([][]Lack, len(plan.Items)), make([]error, len(plan.Items))
	defer run.beat()()
	run.startCheck()
	run.fanOut(func(i int) {
		item := plan.Items[i]
		err := run.watched(ctx, "check "+item.Instance.ID, func(ctx context.Context) (err error) {
			missing[i], err = run.missing(ctx, item)
			return err
		})
		if err != nil {
			unknown[i] = fmt.Errorf("%s: %w", item.Instance.ID, err)
			run.progress.fail(run.clock.Now())
			return
		}
		run.progress.done(run.clock.Now(), barChecked)
	})
	run.tell("checked %s in %s", run.progress.outcome(), run.took())
	return slices.Concat(missing...), errors.Join(unknown...)
}

// missing returns the references of one agent image that the registry lacks. If the registry does
// not say whether it has the main one, missing does not ask for the others: it could not compare
// them.
func (r *run) missing(ctx context.Context, item plan.Item) (missing []Lack, err error) {
	var record manifest.Record
	var unknown []error
	agent, err := r.find(ctx, &record, item.Agent, item.Wanted())
	var taken *plan.TakenError
	var unlabelled *plan.UnlabelledError
	var unsigned *classify.UnsignedError
	switch {
	case errors.As(err, &taken), errors.As(err, &unlabelled), errors.As(err, &unsigned):
		missing = append(missing, Lack{Reference: item.Agent, Why: fmt.Errorf("%s: %w", item.Instance.ID, err)})
	case errors.Is(err, classify.ErrAbsent):
		missing = append(missing, Lack{Reference: item.Agent})
	case err != nil:
		return nil, err
	}
	for _, tag := range item.Tags {
		err := r.findSame(ctx, &record, tag, agent)
		if errors.Is(err, classify.ErrAbsent) {
			missing = append(missing, Lack{Reference: tag})
		} else if err != nil {
			unknown = append(unknown, err)
		}
	}
	return missing, errors.Join(unknown...)
}
