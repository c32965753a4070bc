package pipeline

import (
	"context"
	"strings"
)

// Sharing tells on which official images a recipe makes the same of what it adds.
type Sharing interface {
	// Alike returns a key for an official image, a reference with its digest: the recipe adds the same layers to all those with the same
	// key. Empty: nobody knows, so the recipe has to run.
	Alike(ctx context.Context, official string) (string, error)
}

// Graft is a base image that the recipe was run for, and the official image that it was run on: references with digests. Other base
// images can take the recipe's layers from it.
type Graft struct {
	Official, Base string
	// Instance that it was made for.
	Instance string
}

// buildBase makes a base image: with the layers that the recipe added to another one in this run if there is one alike, and otherwise
// by running the recipe. While one runs it, those alike wait for it.
func (r *run) buildBase(ctx context.Context, record *Record, image Image, reference string) error {
	key := r.alike(ctx, image)
	if key == "" {
		return r.publish(ctx, record, image, reference)
	}
	graft, err := r.recipe(ctx, key, func() (*Graft, error) {
		if err := r.publish(ctx, record, image, reference); err != nil {
			return nil, err
		}
		return &Graft{Official: image.Official, Base: pin(reference, record.Digest), Instance: image.Instance.ID}, nil
	})
	if err != nil || record.Status == StatusBuilt {
		return err
	}
	image.Graft = graft
	return r.publish(ctx, record, image, reference)
}

// recipe runs the recipe once for a key. Who waits for another's run of it gives the place of a worker up meanwhile, or those who wait
// would keep all places from those whose recipes have to run.
func (r *run) recipe(ctx context.Context, key string, run func() (*Graft, error)) (*Graft, error) {
	r.endWork()
	defer r.startWork()
	graft, _, err := r.recipes.Do(ctx, key, func() (*Graft, error) {
		r.startWork()
		defer r.endWork()
		return run()
	})
	return graft, err
}

// alike is the key of an image's recipe and official image. Not to know it costs time only, so an error is no failure.
func (r *run) alike(ctx context.Context, image Image) string {
	if r.Sharing == nil || !r.publishes() {
		return ""
	}
	key, err := r.Sharing.Alike(ctx, image.Official)
	if err != nil {
		return ""
	}
	if key == "" || image.Wrap == nil {
		return key
	}
	return key + " " + strings.Join(image.Wrap.Command, " ") // A wrap is a part of the recipe.
}
