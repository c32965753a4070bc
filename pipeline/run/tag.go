package run

import (
	"context"
	"errors"
	"slices"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
)

// tag puts further references on an existing agent image, by its digest. It needs neither the base
// image nor the builder, which may have changed or gone. It builds nothing, so the image counts as
// skipped.
func (r *run) tag(ctx context.Context, record *manifest.Record, item plan.Item, found plan.Found, missing []string) error {
	image := pin(item.Agent, redact.Field(found.Digest))
	found, err := r.compare(ctx, record, item, found)
	if err != nil {
		record.Tags, record.Digest = []string{}, ""
		return err
	}
	err = eachReference(ctx, missing, func(_ int, reference string) error {
		err := r.try(ctx, record, "tag", classify.HostsOf(reference), func(ctx context.Context) error { return r.tagOne(ctx, record, image, reference) })
		if err != nil {
			named := plan.Image{Phase: plan.PhaseAssemble, Reference: reference}
			err = r.settle(ctx, record, named, wanted{digest: found.Digest, further: true}, err)
		}
		return err
	})
	record.Tags = slices.DeleteFunc(item.References(), func(reference string) bool { return !slices.Contains(record.Tags, reference) })
	if err != nil {
		record.Digest = "" // Failed records have only digests that this run published: see [manifest.Result.Digests].
		return err
	}
	record.SkipReason = skipReason(found)
	r.end(record, manifest.StatusSkipped)
	return nil
}

// compare compares an image with the plan before it is tagged, if only its head was read. Tagging
// reads the manifest in any case, so this costs no further request.
func (r *run) compare(ctx context.Context, record *manifest.Record, item plan.Item, found plan.Found) (plan.Found, error) {
	if !found.HeadOnly {
		return found, nil
	}
	found, err := r.look(ctx, record, pin(item.Agent, redact.Field(found.Digest)))
	if err != nil {
		return plan.Found{}, err
	}
	return r.identify(found, item.Agent, item.Wanted())
}

func (r *run) tagOne(ctx context.Context, record *manifest.Record, image, reference string) error {
	if r.Tagger == nil {
		return &classify.CannotTagError{Reference: reference, Err: errors.New("only the engine has access to the registry in this run")}
	}
	started := r.clock.Now()
	err := r.Tagger.Tag(ctx, image, reference)
	record.PushSeconds += manifest.Seconds(r.clock.Now().Sub(started))
	if err == nil {
		record.Tags = append(record.Tags, reference)
	}
	return err
}

// eachReference calls a function for each of the references. A refused reference does not stop the
// others; the error names every one that failed.
func eachReference(ctx context.Context, references []string, do func(i int, reference string) error) error {
	var failed []error
	for i, reference := range references {
		err := do(i, reference)
		if err == nil {
			continue
		}
		failed = append(failed, err)
		var push *classify.PushError
		if !errors.As(err, &push) || ctx.Err() != nil {
			break // There is no image, or the time is over: the other references would fail too.
		}
	}
	return errors.Join(failed...)
}
