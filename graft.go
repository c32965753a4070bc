package main

import (
	"context"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/once"
	"dagger/eval-images/pipeline/registry"
)

// sharing lets base images have the recipe's layers in common, where the official images are in the registry that the base images go to.
// It is a [pipeline.Sharing].
type sharing struct {
	client *registry.Client
	apart  pipeline.Apart
	// images that others are grafted from.
	images once.Group[*registry.Image]
}

// Alike is the key of all that is below the layers which certainly have nothing to do with the recipe.
func (s *sharing) Alike(ctx context.Context, official string) (string, error) {
	image, err := s.client.Image(ctx, official)
	if err != nil {
		return "", err
	}
	return image.Below(s.apart.Step), nil
}

// compose puts the recipe's layers on an official image.
func (s *sharing) compose(ctx context.Context, image pipeline.Image, identity string) (*registry.Composed, error) {
	on, err := s.client.Image(ctx, image.Official)
	if err != nil {
		return nil, err
	}
	like, err := s.image(ctx, image.Graft.Official)
	if err != nil {
		return nil, err
	}
	built, err := s.image(ctx, image.Graft.Base)
	if err != nil {
		return nil, err
	}
	return registry.Graft(built, like, on, image.Labels(identity))
}

// image reads an image once for all that are grafted from it.
func (s *sharing) image(ctx context.Context, reference string) (*registry.Image, error) {
	image, _, err := s.images.Do(ctx, reference, func() (*registry.Image, error) { return s.client.Image(ctx, reference) })
	return image, err
}
