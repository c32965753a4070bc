package run

import (
	"context"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
	"dagger/eval-images/reference"
)

// Sharing tells for which official images a recipe adds the same layers.
type Sharing interface {
	// RebaseKey returns the rebase key of a base image's official image, given by its digest. The
	// recipe adds the same layers to all images with one key. Empty: the recipe has to run, and
	// refused says why. With a key, refused says what keeps it from being one of more images.
	RebaseKey(ctx context.Context, image plan.Image) (key, refused string, err error)
}

// buildBase makes a base image. If this run has made an equivalent one, it reuses the recipe's
// layers; otherwise it runs the recipe, and equivalent images wait for it. Those leave their worker
// slots; otherwise they could take all slots from the building ones.
func (r *run) buildBase(ctx context.Context, record *manifest.Record, image plan.Image, reference string) error {
	if err := r.mirror(ctx, record, image, reference); err != nil {
		return err
	}
	key, why := r.alike(ctx, record, image, reference)
	if key == "" {
		return r.publish(ctx, record, image, reference)
	}
	source, mine, err := r.recipes.Do(ctx, key, func() (*plan.RebaseSource, error) {
		record.BuildReason = first(why)
		if err := r.publish(ctx, record, image, reference); err != nil {
			return nil, err
		}
		return &plan.RebaseSource{Official: image.Official, Base: pin(reference, record.Digest), Instance: image.Instance.ID}, nil
	})
	if mine || err != nil {
		return err
	}
	image.Rebase = source
	return r.rebaseBase(ctx, record, key, image, reference)
}

// first is why the recipe runs for the first image with a key.
func first(why string) redact.Field {
	if why == "" {
		return manifest.BuildFirst
	}
	return redact.Field(redact.Line(manifest.BuildFirst + " (" + why + ")"))
}

// alike returns the key under which an image shares its recipe, or an empty one, and what keeps the
// key from being one of more images. Errors do not fail the image: without a key the recipe just
// runs once more.
func (r *run) alike(ctx context.Context, record *manifest.Record, image plan.Image, base string) (key, why string) {
	if r.Sharing == nil || !r.publishes() {
		record.BuildReason = manifest.BuildNotShared
		return "", ""
	}
	if r.Mirror == nil && reference.Host(image.Official) != reference.Host(base) {
		refuseRebase(record, manifest.BuildElsewhere)
		return "", ""
	}
	image.Reference = base
	err := r.try(ctx, record, "ask", classify.HostsOf(base), func(ctx context.Context) (err error) {
		key, why, err = r.Sharing.RebaseKey(ctx, image)
		return err
	})
	if err != nil {
		record.BuildReason = redact.Field(redact.Line("asking for the rebase key: " + err.Error()))
		return "", ""
	}
	if key == "" {
		refuseRebase(record, why)
	}
	if key == "" || image.Wrap == nil {
		return key, why
	}
	return key + " " + image.Wrap.Key(), why // A wrap is part of the recipe.
}

// refuseRebase notes what keeps a base image from getting another one's layers. Empty: nothing.
func refuseRebase(record *manifest.Record, why string) {
	record.RebaseRefused = redact.Field(redact.Line(why))
	record.BuildReason = record.RebaseRefused
}

// noteRebase notes whether a base image got another one's layers.
func noteRebase(record *manifest.Record, image plan.Image, published Published) {
	switch {
	case published.Rebased:
		record.GraftedFrom = redact.Field(image.Rebase.Instance)
	case published.RebaseRefused != "":
		refuseRebase(record, published.RebaseRefused)
	}
}
