package run

import (
	"context"
	"errors"
	"time"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
)

// settleTime bounds the check that follows a failed publication.
const settleTime = time.Minute

// wanted describes an image whose publication failed.
type wanted struct {
	// digest is the image's under another reference, or the one that it would have. Empty: the
	// publisher does not know it.
	digest string
	// further marks a further reference. It may have named another image before, as nightly does,
	// and labels do not tell the two apart.
	further bool
}

// settle asks the registry, after a failed publication, whether it has the image anyway: its answer
// may have been lost. If so, it completes the record and returns nil; otherwise it returns the
// error.
func (r *run) settle(ctx context.Context, record *manifest.Record, image plan.Image, want wanted, err error) error {
	var push *classify.PushError
	if !r.publishes() || !errors.As(err, &push) {
		return err
	}
	if kind := classify.Of(push).Class; kind == classify.Limited || kind == classify.Spent {
		return err
	}
	ctx, cancel := context.WithTimeout(stillRunning(ctx), settleTime)
	defer cancel()
	found, unknown := r.ask(ctx, r.Registry, record, image.Reference)
	var immutable *classify.ImmutableError
	switch {
	case unknown != nil:
		return err
	case found.Digest == want.digest, want.digest == "" && !want.further && !r.Force && image.Labelled(found):
		record.Digest = redact.Field(found.Digest)
		record.Tags = append(record.Tags, image.Reference)
		return nil
	case !errors.As(err, &immutable) && classify.RefusedTag.MatchString(push.Err.Error()):
		immutable = &classify.ImmutableError{Reference: image.Reference, Has: found.Digest, Want: want.digest, Err: push.Err}
		return &classify.PushError{Reference: image.Reference, Err: immutable}
	}
	return err
}
