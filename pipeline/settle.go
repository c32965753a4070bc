package pipeline

import (
	"context"
	"errors"
	"time"

	"dagger/eval-images/reference"
)

// settleTime bounds the question that follows a failed publication.
const settleTime = time.Minute

// wanted is what is known of an image whose publication failed.
type wanted struct {
	// digest that it has under another reference, or would have. Empty: an engine does not say.
	digest string
	// further says that it has another name as well. Such a name, as nightly, may have been another image's, and
	// labels do not tell the two apart.
	further bool
}

// settle asks the registry, after a failed publication, whether it has the image all the same: its answer may have
// been lost. Then the record says so, and nothing has failed. Otherwise the error stays.
func (r *run) settle(ctx context.Context, record *Record, image Image, want wanted, err error) error {
	var push *PushError
	if !r.publishes() || !errors.As(err, &push) {
		return err
	}
	if kind := CauseOf(push).Kind; kind == KindLimited || kind == KindSpent {
		return err
	}
	ctx, cancel := context.WithTimeout(stillRunning(ctx), settleTime)
	defer cancel()
	found, unknown := r.ask(ctx, r.Registry, record, image.Reference)
	var immutable *ImmutableError
	switch {
	case unknown != nil:
		return err
	case found.Digest == want.digest, want.digest == "" && !want.further && !r.Force && image.labelled(found):
		record.Digest = text(found.Digest)
		record.Tags = append(record.Tags, image.Reference)
		return nil
	case !errors.As(err, &immutable) && refusedTag.MatchString(push.Err.Error()):
		immutable = &ImmutableError{Reference: image.Reference, Has: found.Digest, Want: want.digest, Err: push.Err}
		return &PushError{Reference: image.Reference, Err: immutable}
	}
	return err
}

// labelled says whether an image that was found has the labels that this one would have, as far as a [Found]
// tells. They are no proof, but no such image was there before.
func (i Image) labelled(found Found) bool {
	want := i.made()
	if want.Check(i.Reference, found.Identity) != nil {
		return false
	}
	_, base := reference.CutDigest(i.Base)
	switch i.Phase {
	case PhaseBuilder:
		return true
	case PhaseBase:
		return want.OfficialDigest != ""
	default:
		return base != "" && found.BaseDigest == base
	}
}
