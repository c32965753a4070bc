package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/once"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/run"
	"dagger/eval-images/reference"
)

// engine makes images with the Dagger engine and publishes them with it, under the user's own `docker login`. It is a
// [pipeline.Publisher], and the [registry.Builder] of one that composes images.
type engine struct {
	module   *EvalImages
	identity string
	// publish is false in a run that only builds.
	publish bool
	// servers are the directories with the agent server, by their builders. Asked for once, because for each image anew it would cost the
	// engine more than to assemble the image.
	servers once.Group[dagger.DirectoryID]
}

// Publish makes the image and, unless the run only builds, pushes it to its reference.
func (e *engine) Publish(ctx context.Context, image plan.Image) (run.Published, error) {
	var published run.Published
	if image.Phase == plan.PhaseAssemble && e.publish {
		ctx = quiet(ctx)
	}
	started := time.Now()
	container, err := e.container(ctx, image)
	if err != nil {
		return published, err
	}
	if image.Phase != plan.PhaseAssemble || !e.publish {
		// An agent image is a description until it is pushed: to sync it would fetch the layers of its base. The others take time to
		// build: tell that apart, also where it fails.
		_, err = container.Sync(ctx)
		published.Build = time.Since(started)
	}
	if err != nil {
		return published, fmt.Errorf("building: %w", outOfSpace(plain(err)))
	}
	if !e.publish {
		return published, nil
	}
	started = time.Now()
	address, err := container.Publish(ctx, image.Reference)
	published.Push = time.Since(started)
	if err != nil {
		return published, &classify.PushError{Reference: image.Reference, Err: plain(err)}
	}
	_, published.Digest = reference.CutDigest(address)
	return published, nil
}

func (e *engine) container(ctx context.Context, image plan.Image) (*dagger.Container, error) {
	switch {
	case image.Phase == plan.PhaseBuilder:
		return labelled(e.module.builder(), image.Labels()), nil
	case image.Phase == plan.PhaseBase:
		return e.base(ctx, image)
	case !e.publish:
		base, err := e.base(ctx, image)
		if err != nil {
			return nil, err
		}
		return assemble(base, e.module.builder(), e.identity), nil
	default:
		return e.agent(ctx, image)
	}
}

// base is built on the official image, and says so in its labels.
func (e *engine) base(ctx context.Context, image plan.Image) (*dagger.Container, error) {
	base, err := wrapped(ctx, e.module.base(image.Official), image.Wrap)
	if err != nil {
		return nil, err
	}
	return labelled(base, image.Labels()), nil
}

// agent is assembled of a base and a builder that are in the registry.
func (e *engine) agent(ctx context.Context, image plan.Image) (*dagger.Container, error) {
	server, _, err := e.servers.Do(ctx, image.Builder, func() (dagger.DirectoryID, error) { return server(from(image.Builder)).ID(ctx) })
	if err != nil {
		return nil, err
	}
	return labelled(started(onBase(image.Base, server), e.identity), image.Labels()), nil
}

// PublishLayer publishes an image of nothing but the layer that every agent image gets from this builder.
func (e *engine) PublishLayer(ctx context.Context, builder, reference string) error {
	empty := dag.Container(dagger.ContainerOpts{Platform: platform})
	layer := labelled(withServer(empty, from(builder)), plan.LayerIdentity(builder).Labels())
	if _, err := layer.Publish(ctx, reference); err != nil {
		return &classify.PushError{Reference: reference, Err: plain(err)}
	}
	return nil
}

// labelled has the labels in its config, and as annotations in its manifest, where they are found without reading the config.
func labelled(container *dagger.Container, labels map[string]string) *dagger.Container {
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		container = container.WithLabel(name, labels[name]).WithAnnotation(name, labels[name])
	}
	return container
}

func from(reference string) *dagger.Container {
	return dag.Container(dagger.ContainerOpts{Platform: platform}).From(reference)
}

// onBase is a container from a reference, with the contents of a directory that is known by its id. To hand the directory itself to
// WithDirectory would have the engine work the id out anew for each image.
func onBase(reference string, directory dagger.DirectoryID) *dagger.Container {
	return from(reference).WithDirectory("/", dag.LoadDirectoryFromID(directory))
}
