package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/once"
	"dagger/eval-images/pipeline/registry"
)

// direct composes agent images in the registry, where all their layers are already. What has to be built, the engine builds and
// publishes. It is a [pipeline.Publisher].
type direct struct {
	*engine
	client  *registry.Client
	sharing *sharing // nil: every base image is built
	layers  once.Group[registry.Layer]
}

// Publish composes an agent image, and a base image that can have another one's layers; the engine makes the others, and also what the
// registry does not let be composed.
func (d *direct) Publish(ctx context.Context, image pipeline.Image) (published pipeline.Published, err error) {
	switch {
	case image.Phase == pipeline.PhaseAssemble:
		published, err = d.put(ctx, image, d.assemble)
	case image.Graft != nil:
		published, err = d.put(ctx, image, d.graft)
		published.Grafted = err == nil
	default:
		return d.engine.Publish(ctx, image)
	}
	if errors.Is(err, registry.ErrNoMount) || errors.Is(err, registry.ErrNoGraft) {
		return d.engine.Publish(ctx, image)
	}
	return published, err
}

// put composes an image and publishes it.
func (d *direct) put(
	ctx context.Context, image pipeline.Image, compose func(context.Context, pipeline.Image) (*registry.Composed, error),
) (published pipeline.Published, err error) {
	started := time.Now()
	composed, err := compose(ctx, image)
	if err != nil {
		return published, fmt.Errorf("composing: %w", err)
	}
	published.Build = time.Since(started)
	started = time.Now()
	err = d.client.Put(ctx, composed, image.Reference)
	published.Push = time.Since(started) // Also of a push that failed.
	if err != nil {
		return published, &pipeline.PushError{Reference: image.Reference, Err: err}
	}
	published.Digest = composed.Digest()
	return published, nil
}

// Find asks the registry with one request.
func (d *direct) Find(ctx context.Context, reference string) (pipeline.Found, error) {
	return d.client.Find(ctx, reference)
}

// assemble puts the agent server on a base image.
func (d *direct) assemble(ctx context.Context, image pipeline.Image) (*registry.Composed, error) {
	layer, err := d.agentLayer(ctx, image.Builder)
	if err != nil {
		return nil, err
	}
	base, err := d.client.Image(ctx, image.Base)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", image.Base, err)
	}
	add := pipeline.DefaultAssembly
	return registry.Compose(base, registry.Addition{
		Layer:      layer,
		Env:        map[string]string{add.SDKVariable: d.identity},
		Entrypoint: add.Entrypoint,
		Labels:     image.Labels(d.identity),
	})
}

// graft puts another base image's layers on an official image.
func (d *direct) graft(ctx context.Context, image pipeline.Image) (*registry.Composed, error) {
	return d.sharing.compose(ctx, image, d.identity)
}

// agentLayer is the layer with the agent server of this builder. The first image that needs it has the engine publish it, unless an
// earlier run did so; the others wait.
func (d *direct) agentLayer(ctx context.Context, builder string) (registry.Layer, error) {
	layer, _, err := d.layers.Do(ctx, builder, func() (registry.Layer, error) {
		reference := pipeline.LayerReference(builder)
		carrier, err := d.client.Image(ctx, reference)
		if errors.Is(err, pipeline.ErrAbsent) {
			if err := d.publishLayer(ctx, builder, reference); err != nil {
				return registry.Layer{}, err
			}
			carrier, err = d.client.Image(ctx, reference)
		}
		if err != nil {
			return registry.Layer{}, fmt.Errorf("reading the agent layer %s: %w", reference, err)
		}
		return carrier.OnlyLayer()
	})
	return layer, err
}
