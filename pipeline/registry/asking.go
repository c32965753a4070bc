package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/sync/singleflight"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/once"
)

// Asking is a [Builder] that asks the registry why it refused a push. The Dagger engine shows the status of an answer and not its words: by
// that alone, missing rights, a quota that is used up and a limit look alike, and a run would wait for what does not pass.
type Asking struct {
	Builder
	// Access to the registry, with the credentials that there are. What the engine knows from docker login is not among them; where the
	// registry wants more than these, nothing is known, and the engine's error stays as it is.
	Access Access

	questions singleflight.Group // by the repository: workers are refused together
}

// Publish has the image published. The error of a push that was refused is the registry's, if it refuses us as well or asks for a wait.
func (a *Asking) Publish(ctx context.Context, image pipeline.Image) (pipeline.Published, error) {
	published, err := a.Builder.Publish(ctx, image)
	return published, a.why(ctx, err)
}

// PublishLayer is the same for the agent layer.
func (a *Asking) PublishLayer(ctx context.Context, builder, reference string) error {
	return a.why(ctx, a.Builder.PublishLayer(ctx, builder, reference))
}

func (a *Asking) why(ctx context.Context, err error) error {
	var push *pipeline.PushError
	if !errors.As(err, &push) || ctx.Err() != nil || pipeline.CauseOf(err).Kind == pipeline.KindUnavailable {
		return err
	}
	ref, parseErr := name.ParseReference(push.Reference)
	if parseErr != nil {
		return err
	}
	_, answer, _ := a.questions.Do(ref.Context().Name(), func() (any, error) { return nil, a.Access.takes(ctx, ref.Context().Name()) })
	if !errors.Is(answer, ErrRefused) && (answer == nil || pipeline.CauseOf(answer).Kind != pipeline.KindLimited) {
		return err
	}
	return &pipeline.PushError{Reference: push.Reference, Err: fmt.Errorf("%v: asked why: %w", push.Err, answer)}
}

// emptyJSON is a blob that means nothing, and that many repositories have.
// https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md#guidance-for-an-empty-descriptor
const emptyJSON = "{}"

// takes asks whether the registry takes a blob of two bytes in the repository. Some refuse only at the end of an upload. The errors are those
// of [Client.MayPush].
func (a Access) takes(ctx context.Context, at string) error {
	client, err := a.Connect(ctx, at)
	if err != nil {
		return a.refusal(at, err, true)
	}
	named, err := name.NewRepository(at)
	if err != nil {
		return fmt.Errorf("reading the repository %s: %w", at, err)
	}
	begun, err := client.askOnce(ctx, http.MethodPost, repository(named.RepositoryStr()), "blobs/uploads/", content{}, http.StatusAccepted, http.StatusCreated)
	if err != nil {
		return a.refusal(at, err, client.wire.challenged.Load())
	}
	place, err := begun.location()
	if err != nil {
		return err
	}
	_, err = client.sendOnce(ctx, http.MethodPut, place, content{
		body: []byte(emptyJSON), media: "application/octet-stream", query: url.Values{"digest": {digestOf([]byte(emptyJSON)).String()}},
	}, http.StatusCreated, http.StatusOK, http.StatusAccepted)
	return a.refusal(at, err, client.wire.challenged.Load())
}

// AskingRegistry is a [pipeline.Registry] that asks the registry itself where another one was refused without a reason: see [Asking].
type AskingRegistry struct {
	pipeline.Registry
	// Access to the registry, with the credentials that there are.
	Access Access

	clients once.Group[*Client] // by the repository
}

// Find asks for an image. Where that is refused it is the registry's own answer that counts, if there is one to these credentials.
func (a *AskingRegistry) Find(ctx context.Context, reference string) (pipeline.Found, error) {
	found, err := a.Registry.Find(ctx, reference)
	if err == nil || pipeline.CauseOf(err).Kind != pipeline.KindLimited {
		return found, err
	}
	ref, parseErr := name.ParseReference(reference)
	if parseErr != nil {
		return found, err
	}
	access := a.Access
	access.ReadOnly = true
	client, _, connectErr := a.clients.Do(ctx, ref.Context().Name(), func() (*Client, error) { return access.Connect(ctx, ref.Context().Name()) })
	if connectErr != nil {
		return found, err
	}
	asked, answer := client.Find(ctx, reference)
	if access.Username == "" && client.wire.challenged.Load() && WantsCredentials(answer) {
		return found, err
	}
	return asked, answer
}
