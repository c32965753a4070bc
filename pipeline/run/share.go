package run

import (
	"context"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/reference"
)

// Sharing tells on which official images a recipe makes the same of what it adds.
type Sharing interface {
	// RebaseKey returns a key for an official image, a reference with its digest: the recipe adds the
	// same layers to all those with the same key. Empty: nobody knows, so the recipe has to run.
	RebaseKey(ctx context.Context, official string) (string, error)
}

// buildBase makes a base image: with the layers that the recipe added to another one in this run if
// there is one alike, and otherwise by running the recipe. While one runs it, those alike wait for
// it.
func (r *run) buildBase(ctx context.Context, record *manifest.Record, image plan.Image, reference string) error {
	key := r.alike(ctx, record, image, reference)
	if key == "" {
		return r.publish(ctx, record, image, reference)
	}
	source, mine, err := r.recipe(ctx, key, func() (*plan.RebaseSource, error) {
		if err := r.publish(ctx, record, image, reference); err != nil {
			return nil, err
		}
		return &plan.RebaseSource{Official: image.Official, Base: pin(reference, record.Digest), Instance: image.Instance.ID}, nil
	})
	if mine || err != nil {
		return err
	}
	image.Rebase = source
	return r.publish(ctx, record, image, reference)
}

// recipe runs the recipe once for each key, and reports whether this call ran it. An image that
// waits for another one's run gives up its worker meanwhile: otherwise those that wait could take
// all workers from those that build.
func (r *run) recipe(ctx context.Context, key string, run func() (*plan.RebaseSource, error)) (*plan.RebaseSource, bool, error) {
	r.endWork()
	defer r.resumeWork(ctx)
	return r.recipes.Do(ctx, key, func() (*plan.RebaseSource, error) {
		r.resumeWork(ctx)
		defer r.endWork()
		return run()
	})
}

// alike is the key of an image's recipe and official image, where that is at the host of the base
// image: no layer can be taken from one host to another. Without a key the recipe only runs once
// more, so an error is no failure.
func (r *run) alike(ctx context.Context, record *manifest.Record, image plan.Image, base string) (key string) {
	if r.Sharing == nil || !r.publishes() || reference.Host(image.Official) != reference.Host(base) {
		return ""
	}
	err := r.try(ctx, record, "ask", classify.HostsOf(base), func(ctx context.Context) (err error) {
		key, err = r.Sharing.RebaseKey(ctx, image.Official)
		return err
	})
	if err != nil {
		return ""
	}
	if key == "" || image.Wrap == nil {
		return key
	}
	return key + " " + image.Wrap.Key() // A wrap is a part of the recipe.
}
