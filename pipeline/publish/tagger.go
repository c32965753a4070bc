package publish

import (
	"context"
	"errors"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/memo"
	"dagger/eval-images/pipeline/registry"
)

// Tagger is a [run.Tagger] for a run whose images the engine publishes. The engine, v0.17.2, cannot
// tag an image that is there: what it pushes it writes anew, without annotations and with another
// digest. So the Tagger sends requests of its own, and connects when the first is needed.
type Tagger struct {
	// Access to the registry, with the credentials at hand. Those of docker login are the engine's
	// only.
	Access registry.Access

	clients memo.Group[connected] // by repository
}

// connected is a client, or the final reason why there is none.
type connected struct {
	client *registry.Client
	err    error
}

// Tag puts the reference on the image. If it cannot reach the registry, or lacks the credentials
// for it, the error is a [*classify.CannotTagError].
func (t *Tagger) Tag(ctx context.Context, image, reference string) error {
	client, err := t.client(ctx, reference)
	if err != nil {
		return &classify.CannotTagError{Reference: reference, Err: err}
	}
	return client.Tag(ctx, image, reference)
}

func (t *Tagger) client(ctx context.Context, reference string) (*registry.Client, error) {
	in, err := registry.RepositoryOf(reference)
	if err != nil {
		return nil, err
	}
	got, _, err := t.clients.Do(ctx, in, func() (connected, error) {
		client, err := t.Access.Open(ctx, in)
		if errors.Is(err, registry.ErrRefused) || errors.Is(err, registry.ErrAnonymous) {
			return connected{err: err}, nil // Every image would get this answer: one question is enough.
		}
		return connected{client: client}, err
	})
	if err != nil {
		return nil, err
	}
	return got.client, got.err
}
