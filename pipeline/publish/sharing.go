package publish

import (
	"context"
	"fmt"

	"dagger/eval-images/pipeline/evidence"
	"dagger/eval-images/pipeline/memo"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/reference"
)

// Sharing lets base images have the recipe's layers in common. Official images of other registries
// come to the base images' registry first, by Mirror. It is a [run.Sharing].
type Sharing struct {
	// Client of that registry.
	Client *registry.Client
	// Independent knows the steps of an official image that have nothing to do with the recipe.
	Independent IndependentSteps
	// Evidence judges by what the layers have. Nil: the images' histories are believed.
	Evidence *Evidence
	// Mirror brings official images from other registries. Nil: base images of those are built.
	Mirror *Mirror

	// images that others are rebased from.
	images memo.Group[*oci.Image]
}

// RebaseKey is the key of all that is below the layers which certainly have nothing to do with the
// recipe. An image of another registry has one if Mirror brought it. Where official and base images
// are both at Docker Hub it does not look: that would count as a pull, beside the one of the build.
func (s *Sharing) RebaseKey(ctx context.Context, image plan.Image) (key, refused string, err error) {
	official, refused, err := s.official(ctx, image.Official)
	if official == nil && refused == "" {
		refused = engineOnly
	}
	if official == nil || err != nil {
		return "", refused, err
	}
	if s.Evidence == nil {
		return official.Below(s.Independent.Step), "", nil
	}
	in, err := registry.PathOf(image.Reference)
	if err != nil {
		return "", "", err
	}
	key, refused, err = s.Evidence.key(ctx, official, image.Wrap, in)
	if evidence.IsRefusal(err) {
		return "", err.Error(), nil
	}
	return key, refused, err
}

// official is an official image in the registry that the base images go to. Nil: it is not there,
// and refused says why if that is known.
func (s *Sharing) official(ctx context.Context, image string) (official *oci.Image, refused string, err error) {
	if s.Mirror != nil {
		if official, refused, err = s.Mirror.official(ctx, image); official != nil || refused != "" || err != nil {
			return official, refused, err
		}
	}
	if reference.AtDockerHub(image) {
		return nil, "", nil
	}
	official, err = s.Client.Image(ctx, image)
	if noImageHere(err) {
		return nil, "", nil
	}
	return official, "", err
}

// compose puts the recipe's layers on an official image.
func (s *Sharing) compose(ctx context.Context, image plan.Image) (*oci.Composed, error) {
	on, err := s.known(ctx, image.Official)
	if err != nil {
		return nil, err
	}
	like, err := s.known(ctx, image.Rebase.Official)
	if err != nil {
		return nil, err
	}
	built, err := s.image(ctx, image.Rebase.Base)
	if err != nil {
		return nil, err
	}
	if s.Evidence != nil {
		if err := s.Evidence.judge(ctx, built, like, on); err != nil {
			return nil, err
		}
	}
	return oci.Rebase(built, like, on, image.Labels())
}

// known is an official image that has a rebase key.
func (s *Sharing) known(ctx context.Context, at string) (*oci.Image, error) {
	image, _, err := s.images.Do(ctx, at, func() (*oci.Image, error) {
		image, _, err := s.official(ctx, at)
		if image == nil && err == nil {
			err = fmt.Errorf("%w: %s", registry.ErrElsewhere, at)
		}
		return image, err
	})
	return image, err
}

// image reads an image once for all that are rebased from it.
func (s *Sharing) image(ctx context.Context, at string) (*oci.Image, error) {
	image, _, err := s.images.Do(ctx, at, func() (*oci.Image, error) { return s.Client.Image(ctx, at) })
	return image, err
}
