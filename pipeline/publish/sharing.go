package publish

import (
	"context"

	"dagger/eval-images/pipeline/memo"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/reference"
)

// Sharing lets base images have the recipe's layers in common, where the official images are in the
// registry that the base images go to. It is a [run.Sharing].
type Sharing struct {
	// Client of that registry.
	Client *registry.Client
	// Independent knows the steps of an official image that have nothing to do with the recipe.
	Independent IndependentSteps

	// images that others are rebased from.
	images memo.Group[*oci.Image]
}

// RebaseKey is the key of all that is below the layers which certainly have nothing to do with the
// recipe. Of an image in another registry, or of an index, nobody knows. At Docker Hub nobody
// looks: that would count as a pull, beside the one of the build.
func (s *Sharing) RebaseKey(ctx context.Context, official string) (string, error) {
	if reference.AtDockerHub(official) {
		return "", nil
	}
	image, err := s.Client.Image(ctx, official)
	if noImageHere(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return image.Below(s.Independent.Step), nil
}

// compose puts the recipe's layers on an official image.
func (s *Sharing) compose(ctx context.Context, image plan.Image) (*oci.Composed, error) {
	on, err := s.Client.Image(ctx, image.Official)
	if err != nil {
		return nil, err
	}
	like, err := s.image(ctx, image.Rebase.Official)
	if err != nil {
		return nil, err
	}
	built, err := s.image(ctx, image.Rebase.Base)
	if err != nil {
		return nil, err
	}
	return oci.Rebase(built, like, on, image.Labels())
}

// image reads an image once for all that are rebased from it.
func (s *Sharing) image(ctx context.Context, at string) (*oci.Image, error) {
	image, _, err := s.images.Do(ctx, at, func() (*oci.Image, error) { return s.Client.Image(ctx, at) })
	return image, err
}
