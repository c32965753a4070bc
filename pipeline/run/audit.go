package run

import (
	"context"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
)

// Auditor checks by one image of each rebase key whether the recipe does the same to both of two
// images.
type Auditor interface {
	// Refused returns why a base image cannot get the layers of image.Rebase. Empty: it can.
	Refused(ctx context.Context, image plan.Image) (string, error)
	// Difference compares a base image that the recipe made, given by its digest, with the one that
	// the layers of image.Rebase would make. Empty: there is none.
	Difference(ctx context.Context, image plan.Image, made string) (string, error)
}

// audit is the result for a rebase key. Nobody gets the layers of a withdrawn key.
type audit struct{ withdrawn string }

// rebaseBase makes a base image from the layers of image.Rebase. If the run audits, the recipe runs
// for the first image that could get them; the others wait for the comparison. A key is withdrawn
// if there is a difference, or if nobody knows whether there is one: then the recipe runs for each.
func (r *run) rebaseBase(ctx context.Context, record *manifest.Record, key string, image plan.Image, reference string) error {
	if r.Auditor == nil {
		return r.publish(ctx, record, image, reference)
	}
	built := image
	built.Rebase = nil
	image.Reference = reference
	var refused string
	err := r.try(ctx, record, "ask", classify.HostsOf(reference), func(ctx context.Context) (err error) {
		refused, err = r.Auditor.Refused(ctx, image)
		return err
	})
	if err != nil {
		return err
	}
	if refused != "" {
		refuseRebase(record, refused)
		return r.publish(ctx, record, built, reference)
	}
	found, mine, err := r.audits.Do(ctx, key, func() (audit, error) {
		record.BuildReason = manifest.BuildAudited
		if err := r.publish(ctx, record, built, reference); err != nil {
			return audit{}, err
		}
		return r.audit(ctx, record, image), nil
	})
	switch {
	case mine || err != nil:
		return err
	case found.withdrawn != "":
		refuseRebase(record, manifest.BuildWithdrawn+found.withdrawn)
		return r.publish(ctx, record, built, reference)
	}
	return r.publish(ctx, record, image, reference)
}

// audit compares the base image of a record with what image.Rebase would have made.
func (r *run) audit(ctx context.Context, record *manifest.Record, image plan.Image) (found audit) {
	err := r.try(ctx, record, "audit", classify.HostsOf(image.Reference), func(ctx context.Context) (err error) {
		found.withdrawn, err = r.Auditor.Difference(ctx, image, pin(image.Reference, record.Digest))
		return err
	})
	if err != nil {
		found.withdrawn = "comparing failed: " + err.Error()
	}
	if found.withdrawn != "" {
		record.BuildReason = redact.Field(redact.Line(manifest.BuildAuditedPrefix + found.withdrawn))
	}
	return found
}
