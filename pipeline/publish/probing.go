package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/sync/singleflight"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/memo"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/status"
	"dagger/eval-images/pipeline/run"
)

// ProbingBuilder is a [Builder] that asks the registry why it refused a push. The Dagger engine
// shows only the status of an answer: missing rights, a used-up quota and a rate limit look alike,
// and so do a full disk and a bad minute. A run would wait for what does not pass.
type ProbingBuilder struct {
	Builder
	// Access to the registry, with the credentials at hand. Those of docker login are the engine's
	// only: where the registry wants them, the probe tells nothing, and the engine's error stands.
	Access registry.Access

	probes singleflight.Group // by repository: many workers are refused together
}

// Publish has the image published. If the registry refuses the probe too, limits it or has no room
// for it, the error is the registry's.
func (b *ProbingBuilder) Publish(ctx context.Context, image plan.Image) (run.Published, error) {
	published, err := b.Builder.Publish(ctx, image)
	return published, b.explain(ctx, err)
}

// PublishLayer does the same for the agent layer.
func (b *ProbingBuilder) PublishLayer(ctx context.Context, builder, reference string) error {
	return b.explain(ctx, b.Builder.PublishLayer(ctx, builder, reference))
}

// explain replaces the engine's error for a refused push by the registry's own, where the probe
// gets one.
func (b *ProbingBuilder) explain(ctx context.Context, err error) error {
	var push *classify.PushError
	if !errors.As(err, &push) || ctx.Err() != nil || !mayHideAReason(err) {
		return err
	}
	in, invalid := registry.RepositoryOf(push.Reference)
	if invalid != nil {
		return err
	}
	_, answer, _ := b.probes.Do(in, func() (any, error) { return nil, b.Access.Probe(ctx, in) })
	if answer == nil || !errors.Is(answer, registry.ErrRefused) && !slices.Contains(reasons, classify.Of(answer).Class) {
		return err
	}
	return &classify.PushError{Reference: push.Reference, Err: fmt.Errorf("%v: asked why: %w", push.Err, answer)}
}

// reasons are the kinds of answers that tell more than the engine did: a limit, and what would meet
// every image.
var reasons = []classify.Class{classify.Limited, classify.Fatal}

// mayHideAReason tells whether the engine's error is about an answer whose words would say more
// than its status. A registry whose disk is full answers 500; a proxy's 502 to 504, and a
// connection that failed, have no more to say.
func mayHideAReason(err error) bool {
	return classify.Of(err).Class != classify.Unavailable ||
		strings.Contains(err.Error(), "500 "+http.StatusText(http.StatusInternalServerError))
}

// ProbingRegistry is a [run.Registry] that asks the registry itself where the engine was refused
// without a reason: see [ProbingBuilder].
type ProbingRegistry struct {
	run.Registry
	// Access to the registry, with the credentials at hand.
	Access registry.Access

	clients memo.Group[*registry.Client] // by repository
}

// Find asks for an image. Where the engine is refused, the registry's answer to these credentials
// counts.
func (r *ProbingRegistry) Find(ctx context.Context, reference string) (plan.Found, error) {
	found, err := r.Registry.Find(ctx, reference)
	if err == nil || classify.Of(err).Class != classify.Limited {
		return found, err
	}
	in, invalid := registry.RepositoryOf(reference)
	if invalid != nil {
		return found, err
	}
	access := r.Access
	access.ReadOnly = true
	client, _, unreachable := r.clients.Do(ctx, in, func() (*registry.Client, error) { return access.Connect(ctx, in) })
	if unreachable != nil {
		return found, err
	}
	probed, answer := client.Find(ctx, reference)
	if access.Username == "" && client.Challenged() && status.WantsCredentials(answer) {
		return found, err
	}
	return planned(probed), answer
}
