package main

import (
	"context"
	"errors"
	"fmt"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry"
)

// officials tells of official images: those in the client's registry directly, which is quicker, and the others by the engine, which has the
// user's credentials for them. Those at Docker Hub are the engine's as well: it keeps the manifest that it reads for the build, and Docker Hub
// counts one pull. It is a [pipeline.Registry].
type officials struct {
	client *registry.Client
	engine *engine
}

// Find asks the registry that the reference is to.
func (o *officials) Find(ctx context.Context, reference string) (pipeline.Found, error) {
	if registry.AtDockerHub(reference) {
		return o.engine.Find(ctx, reference)
	}
	found, err := o.client.Find(ctx, reference)
	if errors.Is(err, registry.ErrElsewhere) || errors.Is(err, registry.ErrNoImage) {
		return o.engine.Find(ctx, reference) // It knows which image of an index is meant.
	}
	if err != nil {
		return pipeline.Found{}, err
	}
	image, err := o.client.Image(ctx, reference+"@"+found.Digest)
	if err != nil {
		return pipeline.Found{}, err
	}
	if image.Platform() != string(platform) {
		return pipeline.Found{}, fmt.Errorf("%w: %s is for %s", pipeline.ErrPlatform, reference, image.Platform())
	}
	return found, nil
}
