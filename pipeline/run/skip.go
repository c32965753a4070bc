package run

import (
	"context"
	"errors"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
)

// find asks for an image of this run, and compares it with the plan. If the registry answers with a
// head only, find reads just the images that need a wrap: each read would cost a pull.
func (r *run) find(ctx context.Context, record *manifest.Record, reference string, want plan.Identity) (plan.Found, error) {
	found, err := r.look(ctx, record, reference)
	if err == nil && found.HeadOnly && want.Wrap != "" && want.Wrap != plan.NoWrap {
		found, err = r.look(ctx, record, pin(reference, redact.Field(found.Digest)))
	}
	if err != nil {
		return plan.Found{}, err
	}
	return r.verify(ctx, record, found, reference, want)
}

// verify compares an existing image with the plan, and checks its signature. The run skips no image
// before that.
func (r *run) verify(ctx context.Context, record *manifest.Record, found plan.Found, reference string, want plan.Identity) (plan.Found, error) {
	found, err := r.identify(found, reference, want)
	if err != nil {
		return plan.Found{}, err
	}
	if err := r.checkSignature(ctx, record, reference, found); err != nil {
		return plan.Found{}, err
	}
	return found, nil
}

// identify compares an image's labels with the plan.
func (r *run) identify(found plan.Found, reference string, want plan.Identity) (plan.Found, error) {
	err := want.Check(reference, found.Identity)
	var unlabelled *plan.UnlabelledError
	if errors.As(err, &unlabelled) && r.TrustUnlabelled {
		found.Unlabelled, err = true, nil
	}
	if err != nil {
		return plan.Found{}, err
	}
	return found, nil
}

// look asks for an image by its name. Every image counts as absent in a run that publishes nothing,
// and in a forced run.
func (r *run) look(ctx context.Context, record *manifest.Record, reference string) (plan.Found, error) {
	if !r.publishes() || r.Force {
		return plan.Found{}, classify.ErrAbsent
	}
	found, err := r.ask(ctx, r.Registry, record, reference)
	r.noteRefusal(err)
	return found, err
}

// skip completes the record of an image that the registry has.
func (r *run) skip(record *manifest.Record, found plan.Found, references ...string) {
	noteFound(record, found, references...)
	record.SkipReason = skipReason(found)
	r.end(record, manifest.StatusSkipped)
}

// skipReason returns why the run skips an existing image.
func skipReason(found plan.Found) redact.Field {
	if found.Unlabelled {
		return manifest.SkipRemoteUnlabelled
	}
	return manifest.SkipRemoteExists
}
