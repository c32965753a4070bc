package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Missing asks the registry for every agent image of the plan, under all its references, and returns the
// references that it lacks. A further reference that names another image than the first is one of those. So
// is a reference to an image that a run would make anew: the reason follows it. An error names the agent
// images of which the registry does not say all; what is known to be missing is returned with it.
func (r Runner) Missing(ctx context.Context, plan Plan) ([]string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	run := newRun(r, plan, cancel)
	missing, unknown := make([][]string, len(plan.Items)), make([]error, len(plan.Items))
	defer run.beat(ctx)()
	run.fanOut(func(i int) {
		item := plan.Items[i]
		err := run.watched(ctx, "check "+item.Instance.ID, func(ctx context.Context) (err error) {
			missing[i], err = run.missing(ctx, item)
			return err
		})
		if err != nil {
			unknown[i] = fmt.Errorf("%s: %w", item.Instance.ID, err)
		}
	})
	return slices.Concat(missing...), errors.Join(unknown...)
}

// missing are the references of one agent image that the registry lacks. Where it does not say whether it has
// the first, there is nothing to hold the others against, and they are not asked for.
func (r *run) missing(ctx context.Context, item Item) (missing []string, err error) {
	var record Record
	var unknown []error
	agent, err := r.find(ctx, &record, item.Agent, item.identity())
	var other *mismatchError
	switch {
	case errors.As(err, &other):
		missing = append(missing, item.Agent+": "+other.reason)
	case errors.Is(err, ErrAbsent):
		missing = append(missing, item.Agent)
	case err != nil:
		return nil, err
	}
	for _, tag := range item.Tags {
		err := r.findSame(ctx, &record, tag, agent)
		if errors.Is(err, ErrAbsent) {
			missing = append(missing, tag)
		} else if err != nil {
			unknown = append(unknown, err)
		}
	}
	return missing, errors.Join(unknown...)
}
