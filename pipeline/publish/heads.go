package publish

import (
	"context"
	"errors"
	"sync/atomic"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/memo"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/status"
	"dagger/eval-images/pipeline/run"
	"dagger/eval-images/reference"
)

// Heads finds images at Docker Hub by the heads of their manifests. Docker Hub counts a manifest
// that is read as a pull, and allows 100 of those in 6 hours without a login; it does not count
// heads. Heads is a [run.Registry].
// https://docs.docker.com/docker-hub/usage/pulls/
type Heads struct {
	// Access to Docker Hub.
	Access registry.Access
	// Else tells of images in other registries, of those that Docker Hub does not show with this
	// access, and of all if it cannot be reached.
	Else run.Registry

	client memo.Group[*registry.Client]
	// tries is how often the client tried to connect and got no answer.
	tries atomic.Int32
}

// Find asks for the head of the manifest. That tells the digest and nothing else.
func (h *Heads) Find(ctx context.Context, image string) (plan.Found, error) {
	in, err := registry.RepositoryOf(image)
	if err != nil || !reference.AtDockerHub(image) {
		return h.Else.Find(ctx, image)
	}
	client, err := h.connect(ctx, in)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return plan.Found{}, context.Cause(ctx)
	case answersLater(err):
		return plan.Found{}, err
	default:
		return h.Else.Find(ctx, image)
	}
	found, err := client.Head(ctx, image)
	if status.Refused(err) {
		return h.Else.Find(ctx, image) // It may have the credentials for that.
	}
	return planned(found), err
}

// errUnreachable says that Docker Hub is not tried any more.
var errUnreachable = errors.New("cannot reach Docker Hub")

// connect connects to Docker Hub once for all. It tries again for the next image after a failure
// that may pass, as often as before a run.
func (h *Heads) connect(ctx context.Context, repository string) (*registry.Client, error) {
	client, _, err := h.client.Do(ctx, "", func() (*registry.Client, error) {
		if h.tries.Add(1) > registry.Openings {
			return nil, errUnreachable
		}
		client, err := h.Access.Connect(ctx, repository)
		switch {
		case err == nil:
		case ctx.Err() != nil || answersLater(err):
			h.tries.Add(-1) // That says nothing of whether it can be reached.
		case !registry.MayPass(err):
			h.tries.Store(registry.Openings)
		}
		return client, err
	})
	return client, err
}

// answersLater says whether a registry answered, and may give another answer in a moment: the run
// waits for that.
func answersLater(err error) bool {
	var answered classify.Classified
	return errors.As(err, &answered) && registry.MayPass(err)
}
