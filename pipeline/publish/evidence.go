package publish

import (
	"context"
	"fmt"
	"io"

	"dagger/eval-images/pipeline/evidence"
	"dagger/eval-images/pipeline/memo"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/oci"
)

// Evidence reads what layers have, each layer once in a run, to judge by [evidence] whether a base
// image may get another one's layers.
type Evidence struct {
	// Client of the registry that has the layers.
	Client *registry.Client
	Recipe evidence.Recipe

	layers memo.Group[*evidence.Layer]
	kept   keptEvidence
}

// key of an official image for the recipe. It refuses a wrap, which runs on the image's own files.
// What is learned of the layers is kept in a repository.
func (e *Evidence) key(ctx context.Context, official *oci.Image, wrap *plan.Wrap, in oci.Repository) (string, error) {
	if wrap != nil {
		return "", &evidence.Refusal{Reason: "the image has a wrap"}
	}
	keeper := *official
	keeper.Repository = in
	_ = e.recall(ctx, &keeper) // Then the layers are read.
	stack, err := e.stack(ctx, official)
	if err != nil {
		return "", err
	}
	_ = e.keep(ctx, &keeper) // Then another run reads the layers.
	shared, err := e.Recipe.Shared(stack)
	return shared.Key, err
}

// judge returns nil if what the recipe made of like may be put on another official image.
func (e *Evidence) judge(ctx context.Context, built, like, on *oci.Image) error {
	image, err := e.stack(ctx, on)
	if err != nil {
		return err
	}
	sibling, err := e.stack(ctx, like)
	if err != nil {
		return err
	}
	all, err := e.stack(ctx, built)
	if err != nil {
		return err
	}
	if len(all.Layers) < len(sibling.Layers) {
		return &evidence.Refusal{Reason: "the base image does not stand on its official image"}
	}
	return e.Recipe.Judge(image, sibling, all.Layers[len(sibling.Layers):])
}

// stack reads the layers of an image.
func (e *Evidence) stack(ctx context.Context, image *oci.Image) (evidence.Stack, error) {
	stack := evidence.Stack{Platform: image.Platform() + "/" + image.Config.Variant, Config: image.Config.Config}
	for n, layer := range image.Layers() {
		diffID := image.Config.RootFS.DiffIDs[n].String()
		read, err := e.layer(ctx, layer)
		if err != nil {
			return evidence.Stack{}, fmt.Errorf("reading layer %d of %s: %w", n+1, image.Digest(), err)
		}
		if read.Refused == "" && read.DiffID != diffID {
			read = &evidence.Layer{Refused: "the layer is not the one that the config names"}
		}
		stack.Layers = append(stack.Layers, read)
	}
	return stack, nil
}

// layer reads a layer to its end.
func (e *Evidence) layer(ctx context.Context, layer oci.Layer) (*evidence.Layer, error) {
	want := layer.Descriptor.Digest.String()
	read, _, err := e.layers.Do(ctx, want, func() (read *evidence.Layer, err error) {
		var digest string
		err = e.Client.StreamLayer(ctx, layer, func(stored io.Reader) error {
			read, digest, err = evidence.Inspect(stored)
			return err
		})
		if err == nil && digest != want {
			return &evidence.Layer{Refused: "the registry gives another layer than the manifest names"}, nil
		}
		return read, err
	})
	return read, err
}
