package run

import (
	"context"
	"errors"
	"fmt"

	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
)

// Pin returns the plan with the digest of every official image. Its error names each official image
// that does not exist, and each for which the registry did not answer.
func (r Runner) Pin(ctx context.Context, planned plan.Plan) (plan.Plan, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pinned := planned
	pinned.Items = make([]plan.Item, len(planned.Items))
	failed := make([]error, len(planned.Items))
	run := newRun(r, planned, cancel)
	defer run.beat()()
	const barPinned = "official images"
	run.tell("finding the digests of %d official images", len(planned.Items))
	run.progress.start(run.clock.Now(), "", bar{name: barPinned, needs: len(planned.Items)})
	run.fanOut(func(i int) {
		var record manifest.Record
		defer func() {
			if pinned.Items[i].OfficialDigest == "" {
				run.progress.fail(run.clock.Now())
			} else {
				run.progress.done(run.clock.Now(), barPinned)
			}
		}()
		item := planned.Items[i]
		if run.spent.of(item.Instance.OfficialImage) != nil {
			return // Another image has reported it.
		}
		err := run.watched(ctx, "pin "+item.Instance.ID, func(ctx context.Context) error {
			_, err := run.pinOfficial(ctx, item, &record)
			return err
		})
		var closed *closedError
		if errors.As(err, &closed) {
			return // Another image has reported it.
		}
		if err != nil {
			err = run.spent.met(run.clock.Now, item.Instance.OfficialImage, err)
			failed[i] = fmt.Errorf("%s: %w", item.Instance.ID, err)
		}
		item.OfficialDigest = string(record.OfficialDigest)
		pinned.Items[i] = item
	})
	return pinned, errors.Join(failed...)
}
