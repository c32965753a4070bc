package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// tag puts further references on an agent image that the registry has, by its digest. It needs neither the image's base
// nor the builder, which may have changed or gone. Nothing is built, so the image counts as skipped.
func (r *run) tag(ctx context.Context, record *Record, item Item, found Found, missing []string) error {
	image := pin(item.Agent, text(found.Digest))
	found, err := r.compare(ctx, record, item, found)
	if err != nil {
		record.Tags, record.Digest = []string{}, ""
		return err
	}
	err = eachReference(ctx, missing, func(_ int, reference string) error {
		err := r.try(ctx, record, "tag", hostsOf(reference), func(ctx context.Context) error { return r.tagOne(ctx, record, image, reference) })
		if err != nil {
			named := Image{Phase: PhaseAssemble, Reference: reference}
			err = r.settle(ctx, record, named, wanted{digest: found.Digest, further: true}, err)
		}
		return err
	})
	record.Tags = slices.DeleteFunc(item.References(), func(reference string) bool { return !slices.Contains(record.Tags, reference) })
	if err != nil {
		record.Digest = "" // The digest of a failed image is one that this run published: see [Result.Digests].
		return err
	}
	record.SkipReason = found.skipReason()
	r.end(record, StatusSkipped)
	return nil
}

// compare compares an image that is to be tagged, if a head was all that was read of it. Whoever tags it reads its
// manifest in any case, so that costs no further request.
func (r *run) compare(ctx context.Context, record *Record, item Item, found Found) (Found, error) {
	if !found.HeadOnly {
		return found, nil
	}
	found, err := r.look(ctx, record, pin(item.Agent, text(found.Digest)))
	if err != nil {
		return Found{}, err
	}
	return r.identify(found, item.Agent, item.identity())
}

func (r *run) tagOne(ctx context.Context, record *Record, image, reference string) error {
	if r.Tagger == nil {
		return &CannotTagError{Reference: reference, Err: errors.New("this run has no access to the registry but the engine's")}
	}
	started := r.clock.Now()
	err := r.Tagger.Tag(ctx, image, reference)
	record.PushSeconds += Seconds(r.clock.Now().Sub(started))
	if err == nil {
		record.Tags = append(record.Tags, reference)
	}
	return err
}

// CannotTagError says that there is no way to put a further reference on an image that the registry has.
type CannotTagError struct {
	// Reference is the name that the image lacks.
	Reference string
	// Err is why.
	Err error
}

// Error names the reference.
func (e *CannotTagError) Error() string { return fmt.Sprintf("tagging %s: %v", e.Reference, e.Err) }

// Unwrap gives the reason.
func (e *CannotTagError) Unwrap() error { return e.Err }

// Cause is permanent: whatever the reason, the engine can go on with all images that are to be made.
func (e *CannotTagError) Cause() Cause { return Cause{Kind: KindPermanent, Advice: adviceTag} }

const adviceTag = "The Dagger engine cannot tag an image that is there without making it anew. " +
	"Let this call reach the registry itself: pass --registry-username and --registry-password."

// eachReference calls a function for each of the references. A refused reference does not stop the others; the error
// names every one that failed.
func eachReference(ctx context.Context, references []string, do func(i int, reference string) error) error {
	var failed []error
	for i, reference := range references {
		err := do(i, reference)
		if err == nil {
			continue
		}
		failed = append(failed, err)
		var push *PushError
		if !errors.As(err, &push) || ctx.Err() != nil {
			break // There is no image, or the run or the image's time is over: the other references would fail alike.
		}
	}
	return errors.Join(failed...)
}
