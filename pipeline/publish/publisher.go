package publish

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/memo"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/pipeline/run"
)

// Builder builds what cannot be composed, and publishes it.
type Builder interface {
	run.Publisher
	// PublishLayer publishes an image of nothing but the layer that every agent image gets from
	// this builder, a reference with its digest.
	PublishLayer(ctx context.Context, builder, reference string) error
}

// Publisher composes agent images in the registry, where all their layers are already. What has to
// be built, somebody else builds and publishes. It is a [run.Publisher], and its client the
// [run.Registry] that goes with it.
type Publisher struct {
	// Client of the registry that everything is published to.
	Client *registry.Client
	// Builder makes the builder image, the agent layer, and base images.
	Builder Builder
	// Identity of the SDK, as images carry it.
	Identity string
	// Platform of the images, such as "linux/amd64".
	Platform string
	// OwnLayer makes a run publish the agent layer even if the registry has it. A forced run does,
	// and one that wants signatures, since nobody signs the image of that layer.
	OwnLayer bool
	// Sharing composes base images that can have another one's layers. Nil: every base image is
	// built.
	Sharing *Sharing

	layers memo.Group[oci.Layer]
}

// Publish composes an agent image, and a base image that can have another one's layers. Its builder
// makes the others.
func (p *Publisher) Publish(ctx context.Context, image plan.Image) (published run.Published, err error) {
	switch {
	case image.Phase == plan.PhaseAssemble:
		published, err = p.put(ctx, image, p.assemble)
	case image.Rebase != nil:
		published, err = p.put(ctx, image, p.rebase)
		published.Rebased = err == nil
	default:
		return p.build(ctx, image)
	}
	if errors.Is(err, oci.ErrNoRebase) || image.Rebase != nil && noImageHere(err) {
		return p.build(ctx, image)
	}
	return published, err
}

// engineMount is how an engine's error reads when a registry refuses to mount a layer: with the
// request's query. Of all refusals, the engine v0.17.2 takes 202 and 401 as a reason to upload the
// layer.
var engineMount = regexp.MustCompile(`unexpected status from POST request to \S*[?&]mount=`)

// build has an image built. Where the engine cannot push it because the registry refuses to mount
// the official image's layers, the client brings those, and the engine finds them there.
func (p *Publisher) build(ctx context.Context, image plan.Image) (run.Published, error) {
	published, err := p.Builder.Publish(ctx, image)
	if err == nil || image.Official == "" || !engineMount.MatchString(err.Error()) {
		return published, err
	}
	if p.Client.Bring(ctx, image.Official, image.Reference, p.Platform) != nil {
		return published, err
	}
	return p.Builder.Publish(ctx, image)
}

// put composes an image and publishes it.
func (p *Publisher) put(
	ctx context.Context, image plan.Image, compose func(context.Context, plan.Image) (*oci.Composed, error),
) (published run.Published, err error) {
	started := time.Now()
	composed, err := compose(ctx, image)
	if err != nil {
		return published, fmt.Errorf("composing: %w", err)
	}
	published.Build, published.Digest = time.Since(started), composed.Digest()
	started = time.Now()
	err = p.Client.Put(ctx, composed, image.Reference)
	published.Push = time.Since(started) // Also of a push that failed.
	if err != nil {
		return published, &classify.PushError{Reference: image.Reference, Err: err}
	}
	return published, nil
}

// assemble puts the agent server on a base image.
func (p *Publisher) assemble(ctx context.Context, image plan.Image) (*oci.Composed, error) {
	layer, err := p.agentLayer(ctx, image.Builder)
	if err != nil {
		return nil, err
	}
	base, err := p.base(ctx, image)
	if err != nil {
		return nil, err
	}
	add := plan.AgentServer
	return oci.Compose(base, oci.Addition{
		Layer:      layer,
		Env:        map[string]string{add.SDKVariable: p.Identity},
		Entrypoint: add.Entrypoint,
		Labels:     labelsOn(base, image),
	})
}

// base reads an agent image's base image. What a head left open when the image was found is
// compared now.
func (p *Publisher) base(ctx context.Context, image plan.Image) (*oci.Image, error) {
	base, err := p.Client.ImageFor(ctx, image.Base, p.Platform) // One that is trusted may be an index.
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", image.Base, err)
	}
	want := image.Identity.Base()
	var taken *plan.TakenError
	if err := want.Check(image.Base, plan.NewFound(base.Digest(), base.Annotations()).Identity); errors.As(err, &taken) {
		return nil, err
	}
	if want.Platform != "" && base.Platform() != want.Platform {
		return nil, fmt.Errorf("%w: %s is for %s", classify.ErrPlatform, image.Base, base.Platform())
	}
	return base, nil
}

// labelsOn are the labels of an agent image. The official image's digest, which a run may not know,
// is the base's.
func labelsOn(base *oci.Image, image plan.Image) map[string]string {
	labels := image.Labels()
	if digest := plan.DigestIn(base.Annotations(), plan.LabelOfficialDigest); labels[plan.LabelOfficialDigest] == "" && digest != "" {
		labels[plan.LabelOfficialDigest] = digest
	}
	return labels
}

// rebase puts another base image's layers on an official image.
func (p *Publisher) rebase(ctx context.Context, image plan.Image) (*oci.Composed, error) {
	return p.Sharing.compose(ctx, image)
}

// agentLayer is the layer with the agent server of this builder. The first image that needs it has
// it published, unless an earlier run did so; the others wait. An image of that name that is not of
// this builder and this assembly is replaced: only runs like this one use it. With OwnLayer it is
// always replaced.
func (p *Publisher) agentLayer(ctx context.Context, builder string) (oci.Layer, error) {
	layer, _, err := p.layers.Do(ctx, builder, func() (oci.Layer, error) {
		reference := plan.LayerReference(builder)
		carrier, err := p.foundLayer(ctx, builder)
		if notOurs(err) || err != nil && classify.Of(err).Advice == classify.AdviceHidden {
			published := p.Builder.PublishLayer(ctx, builder, reference)
			carrier, err = p.layer(ctx, builder)
			if err != nil && published != nil {
				return oci.Layer{}, published // It would have been there, had only the answer been lost.
			}
		}
		if err != nil {
			return oci.Layer{}, fmt.Errorf("reading the agent layer %s: %w", reference, err)
		}
		return carrier.OnlyLayer()
	})
	return layer, err
}

// notOurs says whether a name is free, or taken by an image other than the run's.
func notOurs(err error) bool {
	var taken *plan.TakenError
	var unlabelled *plan.UnlabelledError
	return errors.Is(err, classify.ErrAbsent) || errors.As(err, &taken) || errors.As(err, &unlabelled)
}

// foundLayer is the agent layer of an earlier run, if there is one that may be used.
func (p *Publisher) foundLayer(ctx context.Context, builder string) (*oci.Image, error) {
	if p.OwnLayer {
		return nil, classify.ErrAbsent
	}
	return p.layer(ctx, builder)
}

// layer reads the image of the agent layer, if the registry has it, and compares it with what it
// should be.
func (p *Publisher) layer(ctx context.Context, builder string) (*oci.Image, error) {
	reference := plan.LayerReference(builder)
	image, err := p.Client.Image(ctx, reference)
	if err != nil {
		return nil, err
	}
	return image, plan.LayerIdentity(builder).Check(reference, plan.NewFound(image.Digest(), image.Annotations()).Identity)
}
