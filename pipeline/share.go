package pipeline

import (
	"context"
	"errors"
	"fmt"

	"dagger/eval-images/redact"
	"dagger/eval-images/reference"
)

// Sharing tells on which official images a recipe makes the same of what it adds.
type Sharing interface {
	// Alike returns a key for an official image, a reference with its digest: the recipe adds the same layers
	// to all those with the same key. Empty: nobody knows, so the recipe has to run.
	Alike(ctx context.Context, official string) (string, error)
}

// Values of --share-bases.
const (
	// ShareNever has the recipe run for every official image.
	ShareNever = "never"
	// ShareTrusted has it run once for those that are alike, by what their own configs say of them. Anybody can write
	// such a config over other layers, so the user vouches for the images.
	ShareTrusted = "trusted"
)

// SharesBases reads a value of --share-bases.
func SharesBases(value string) (bool, error) {
	switch value {
	case ShareNever, ShareTrusted:
		return value == ShareTrusted, nil
	case "auto":
		return false, errors.New("--share-bases auto is no longer possible: use trusted if you vouch for the official images, or else never")
	}
	return false, fmt.Errorf("--share-bases is %s: it must be %s or %s", redact.Quote(value), ShareNever, ShareTrusted)
}

// Graft is a base image that the recipe was run for, and the official image that it was run on: references with
// digests. Other base images can take the recipe's layers from it.
type Graft struct {
	Official, Base string
	// Instance that it was made for.
	Instance string
}

// buildBase makes a base image: with the layers that the recipe added to another one in this run if there is
// one alike, and otherwise by running the recipe. While one runs it, those alike wait for it.
func (r *run) buildBase(ctx context.Context, record *Record, image Image, reference string) error {
	key := r.alike(ctx, record, image, reference)
	if key == "" {
		return r.publish(ctx, record, image, reference)
	}
	graft, mine, err := r.recipe(ctx, key, func() (*Graft, error) {
		if err := r.publish(ctx, record, image, reference); err != nil {
			return nil, err
		}
		return &Graft{Official: image.Official, Base: pin(reference, record.Digest), Instance: image.Instance.ID}, nil
	})
	if mine || err != nil {
		return err
	}
	image.Graft = graft
	return r.publish(ctx, record, image, reference)
}

// recipe runs the recipe once for each key, and reports whether this call ran it. An image that waits for another
// one's run gives up its worker meanwhile: otherwise those that wait could take all workers from those that build.
func (r *run) recipe(ctx context.Context, key string, run func() (*Graft, error)) (*Graft, bool, error) {
	r.endWork()
	defer r.resumeWork(ctx)
	return r.recipes.Do(ctx, key, func() (*Graft, error) {
		r.resumeWork(ctx)
		defer r.endWork()
		return run()
	})
}

// alike is the key of an image's recipe and official image, where that is at the host of the base image: no
// layer can be taken from one host to another. Without a key the recipe only runs once more, so an error is no failure.
func (r *run) alike(ctx context.Context, record *Record, image Image, base string) (key string) {
	if r.Sharing == nil || !r.publishes() || reference.Host(image.Official) != reference.Host(base) {
		return ""
	}
	err := r.try(ctx, record, "ask", hostsOf(base), func(ctx context.Context) (err error) {
		key, err = r.Sharing.Alike(ctx, image.Official)
		return err
	})
	if err != nil {
		return ""
	}
	if key == "" || image.Wrap == nil {
		return key
	}
	return key + " " + image.Wrap.key() // A wrap is a part of the recipe.
}
