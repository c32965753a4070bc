package pipeline

import (
	"context"
	"errors"
	"fmt"
)

// Pin asks for the digest of every official image, and returns the plan with them. Its error names each
// official image that does not exist, and each of which nobody knows.
func (r Runner) Pin(ctx context.Context, plan Plan) (Plan, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pinned := plan
	pinned.Items = make([]Item, len(plan.Items))
	failed := make([]error, len(plan.Items))
	run := newRun(r, plan, cancel)
	defer run.beat(ctx)()
	run.fanOut(func(i int) {
		var record Record
		item := plan.Items[i]
		if run.spent.of(item.Instance.OfficialImage) != nil {
			return // One has said so.
		}
		err := run.watched(ctx, "pin "+item.Instance.ID, func(ctx context.Context) error {
			_, err := run.pinOfficial(ctx, item, &record)
			return err
		})
		var closed *closedError
		if errors.As(err, &closed) {
			return // One has said so.
		}
		if err != nil {
			_ = run.spent.met(item.Instance.OfficialImage, err)
			failed[i] = fmt.Errorf("%s: %w", item.Instance.ID, err)
		}
		item.OfficialDigest = string(record.OfficialDigest)
		pinned.Items[i] = item
	})
	return pinned, errors.Join(failed...)
}
