package publish

import (
	"context"
	"fmt"
	"io"
	"sync"

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

	// layers by their digests
	layers memo.Group[*evidence.Layer]
	kept   keptEvidence
	// approvals of base images for which the recipe ran
	approvals memo.Group[approval]

	examining sync.Once
	examiner  *evidence.Examiner
}

// key of an official image for the recipe. It refuses a wrap, which runs on the image's own files.
// What is learned of the layers is kept in a repository. Why says what keeps the uppermost layer
// that the key stands for from being the image's own.
func (e *Evidence) key(ctx context.Context, official *oci.Image, wrap *plan.Wrap, in oci.Repository) (key, why string, err error) {
	if wrap != nil {
		return "", "", &evidence.Refusal{Reason: "the image has a wrap"}
	}
	keeper := *official
	keeper.Repository = in
	_ = e.recall(ctx, &keeper) // Then the layers are read.
	stack, err := e.stack(ctx, official)
	if err != nil {
		return "", "", err
	}
	_ = e.keep(ctx, &keeper) // Then another run reads the layers.
	shared, err := e.examine().Shared(stack)
	if err == nil && shared.Why != nil {
		why = shared.Why.Error()
	}
	return shared.Key, why, err
}

// approval is what a recipe made of an image, or why no other one may have it.
type approval struct {
	approved *evidence.Approved
	refusal  error
}

// judge returns nil if what the recipe made of like may be put on another official image.
func (e *Evidence) judge(ctx context.Context, built, like, on *oci.Image) error {
	image, err := e.stack(ctx, on)
	if err != nil {
		return err
	}
	found, _, err := e.approvals.Do(ctx, built.Digest()+" on "+like.Digest(), func() (approval, error) {
		approved, err := e.approve(ctx, built, like)
		if evidence.IsRefusal(err) {
			return approval{refusal: err}, nil
		}
		return approval{approved: approved}, err
	})
	switch {
	case err != nil:
		return err
	case found.refusal != nil:
		return found.refusal
	}
	return found.approved.Judge(image)
}

// approve reads what the recipe added to like. No other image has those layers before, so nothing
// else is remembered of them.
func (e *Evidence) approve(ctx context.Context, built, like *oci.Image) (*evidence.Approved, error) {
	sibling, err := e.stack(ctx, like)
	if err != nil {
		return nil, err
	}
	if len(built.Manifest.Layers) < len(sibling.Layers) {
		return nil, &evidence.Refusal{Reason: "the base image does not stand on its official image"}
	}
	added, err := readLayers(built, len(sibling.Layers), func(layer oci.Layer) (*evidence.Layer, error) { return e.read(ctx, layer) })
	if err != nil {
		return nil, err
	}
	return e.examine().Approve(sibling, added)
}

// examine is who judges in this run.
func (e *Evidence) examine() *evidence.Examiner {
	e.examining.Do(func() { e.examiner = evidence.NewExaminer(e.Recipe) })
	return e.examiner
}

// stack reads the layers of an image.
func (e *Evidence) stack(ctx context.Context, image *oci.Image) (evidence.Stack, error) {
	layers, err := readLayers(image, 0, func(layer oci.Layer) (*evidence.Layer, error) { return e.layer(ctx, layer) })
	return evidence.Stack{Platform: image.Platform() + "/" + image.Config.Variant, Config: image.Config.Config, Layers: layers}, err
}

// readLayers reads the layers of an image above so many others, and refuses those that the config
// does not name.
func readLayers(image *oci.Image, above int, read func(oci.Layer) (*evidence.Layer, error)) (layers []*evidence.Layer, err error) {
	for n, layer := range image.Layers()[above:] {
		found, err := read(layer)
		if err != nil {
			return nil, fmt.Errorf("reading layer %d of %s: %w", above+n+1, image.Digest(), err)
		}
		if found.Refused == "" && found.DiffID != image.Config.RootFS.DiffIDs[above+n].String() {
			found = &evidence.Layer{Refused: "the layer is not the one that the config names"}
		}
		layers = append(layers, found)
	}
	return layers, nil
}

// layer reads a layer to its end, once in a run.
func (e *Evidence) layer(ctx context.Context, layer oci.Layer) (*evidence.Layer, error) {
	read, _, err := e.layers.Do(ctx, layer.Descriptor.Digest.String(), func() (*evidence.Layer, error) { return e.read(ctx, layer) })
	return read, err
}

func (e *Evidence) read(ctx context.Context, layer oci.Layer) (read *evidence.Layer, err error) {
	var digest string
	err = e.Client.StreamLayer(ctx, layer, func(stored io.Reader) error {
		read, digest, err = evidence.Inspect(stored)
		return err
	})
	if err == nil && digest != layer.Descriptor.Digest.String() {
		return &evidence.Layer{Refused: "the registry gives another layer than the manifest names"}, nil
	}
	return read, err
}
