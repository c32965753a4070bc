package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/sync/singleflight"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/once"
)

// ProbingBuilder is a [Builder] that asks the registry why it refused a push. The Dagger engine shows only the
// status of an answer: missing rights, a used-up quota and a rate limit look alike, and so do a full disk and a bad
// minute. A run would wait for what does not pass.
type ProbingBuilder struct {
	Builder
	// Access to the registry, with the credentials at hand. Those of docker login are the engine's only: where
	// the registry wants them, the probe tells nothing, and the engine's error stands.
	Access Access

	probes singleflight.Group // by repository: many workers are refused together
}

// Publish has the image published. If the registry refuses the probe too, limits it or has no room for it, the error is
// the registry's.
func (b *ProbingBuilder) Publish(ctx context.Context, image pipeline.Image) (pipeline.Published, error) {
	published, err := b.Builder.Publish(ctx, image)
	return published, b.explain(ctx, err)
}

// PublishLayer does the same for the agent layer.
func (b *ProbingBuilder) PublishLayer(ctx context.Context, builder, reference string) error {
	return b.explain(ctx, b.Builder.PublishLayer(ctx, builder, reference))
}

// explain replaces the engine's error for a refused push by the registry's own, where the probe gets one.
func (b *ProbingBuilder) explain(ctx context.Context, err error) error {
	var push *pipeline.PushError
	if !errors.As(err, &push) || ctx.Err() != nil || !mayHideAReason(err) {
		return err
	}
	ref, invalid := parseReference(push.Reference)
	if invalid != nil {
		return err
	}
	in := ref.Context().Name()
	_, answer, _ := b.probes.Do(in, func() (any, error) { return nil, b.Access.probe(ctx, in) })
	if answer == nil || !errors.Is(answer, ErrRefused) && !slices.Contains(reasons, pipeline.CauseOf(answer).Kind) {
		return err
	}
	return &pipeline.PushError{Reference: push.Reference, Err: fmt.Errorf("%v: asked why: %w", push.Err, answer)}
}

// reasons are the kinds of answers that tell more than the engine did: a limit, and what would meet every image.
var reasons = []pipeline.Kind{pipeline.KindLimited, pipeline.KindFatal}

// mayHideAReason tells whether the engine's error is about an answer whose words would say more than its status. A
// registry whose disk is full answers 500; a proxy's 502 to 504, and a connection that failed, have no more to say.
func mayHideAReason(err error) bool {
	return pipeline.CauseOf(err).Kind != pipeline.KindUnavailable ||
		strings.Contains(err.Error(), "500 "+http.StatusText(http.StatusInternalServerError))
}

// emptyJSON is a blob that means nothing, and that many repositories have.
// https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md#guidance-for-an-empty-descriptor
const emptyJSON = "{}"

// probe uploads a blob of two bytes to the repository: some registries refuse only the end of an upload. It
// returns the errors of [Client.MayPush].
func (a Access) probe(ctx context.Context, at string) error {
	client, err := a.Connect(ctx, at)
	if err != nil {
		return a.refusal(at, err, true)
	}
	begun, err := client.begin(ctx, at)
	if err != nil {
		return a.refusal(at, err, client.wire.challenged.Load())
	}
	place, err := begun.location()
	if err != nil {
		return err
	}
	_, err = client.sendOnce(ctx, http.MethodPut, place, content{
		body: []byte(emptyJSON), media: octets, query: url.Values{"digest": {digestOf([]byte(emptyJSON)).String()}},
	}, stored...)
	return a.refusal(at, err, client.wire.challenged.Load())
}

// ProbingRegistry is a [pipeline.Registry] that asks the registry itself where the engine was refused without a
// reason: see [ProbingBuilder].
type ProbingRegistry struct {
	pipeline.Registry
	// Access to the registry, with the credentials at hand.
	Access Access

	clients once.Group[*Client] // by repository
}

// Find asks for an image. Where the engine is refused, the registry's answer to these credentials counts.
func (r *ProbingRegistry) Find(ctx context.Context, reference string) (pipeline.Found, error) {
	found, err := r.Registry.Find(ctx, reference)
	if err == nil || pipeline.CauseOf(err).Kind != pipeline.KindLimited {
		return found, err
	}
	ref, invalid := parseReference(reference)
	if invalid != nil {
		return found, err
	}
	access, in := r.Access, ref.Context().Name()
	access.ReadOnly = true
	client, _, unreachable := r.clients.Do(ctx, in, func() (*Client, error) { return access.Connect(ctx, in) })
	if unreachable != nil {
		return found, err
	}
	probed, answer := client.Find(ctx, reference)
	if access.Username == "" && client.wire.challenged.Load() && WantsCredentials(answer) {
		return found, err
	}
	return probed, answer
}
