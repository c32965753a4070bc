package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry"
)

// direct composes agent images in the registry, where all their layers are already. What has to be built, the engine builds and
// publishes. It is a [pipeline.Publisher].
type direct struct {
	*engine
	client *registry.Client

	mu    sync.Mutex
	layer *registry.Layer // of the run's builder, once it is known
}

// Publish composes an agent image; the engine makes the others.
func (d *direct) Publish(ctx context.Context, image pipeline.Image) (pipeline.Published, error) {
	if image.Phase != pipeline.PhaseAssemble {
		return d.engine.Publish(ctx, image)
	}
	started := time.Now()
	composed, err := d.compose(ctx, image)
	if err != nil {
		return pipeline.Published{}, fmt.Errorf("composing: %w", err)
	}
	published := pipeline.Published{Digest: composed.Digest(), Build: time.Since(started)}
	started = time.Now()
	err = d.client.Put(ctx, composed, image.Reference)
	if errors.Is(err, registry.ErrNoMount) {
		return d.engine.Publish(ctx, image) // It uploads what cannot be mounted.
	}
	if err != nil {
		return pipeline.Published{}, &pipeline.PushError{Reference: image.Reference, Err: err}
	}
	published.Push = time.Since(started)
	return published, nil
}

// Find asks the registry with one request.
func (d *direct) Find(ctx context.Context, reference string) (pipeline.Found, error) {
	return d.client.Find(ctx, reference)
}

func (d *direct) compose(ctx context.Context, image pipeline.Image) (*registry.Composed, error) {
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

// agentLayer is the layer with the agent server of this builder. The first image that needs it has the engine publish it, unless an
// earlier run did so; the others wait.
func (d *direct) agentLayer(ctx context.Context, builder string) (registry.Layer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.layer != nil {
		return *d.layer, nil
	}
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
	layer, err := carrier.OnlyLayer()
	if err != nil {
		return registry.Layer{}, fmt.Errorf("reading the agent layer %s: %w", reference, err)
	}
	d.layer = &layer
	return layer, nil
}
