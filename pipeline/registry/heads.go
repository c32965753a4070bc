package registry

import (
	"context"
	"sync"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/reference"
)

// Heads finds images at Docker Hub by the heads of their manifests. Docker Hub counts a manifest that is read
// as a pull, and allows 100 of those in 6 hours without a login; it does not count heads. Heads is a
// [pipeline.Registry].
// https://docs.docker.com/docker-hub/usage/pulls/
type Heads struct {
	// Access to Docker Hub.
	Access Access
	// Else tells of images in other registries, of those that Docker Hub does not show with this access, and of
	// all if it cannot be reached.
	Else pipeline.Registry

	connect sync.Once
	client  *Client // Nil if Docker Hub cannot be reached.
}

// Find asks for the head of the manifest. That tells the digest and nothing else.
func (h *Heads) Find(ctx context.Context, image string) (pipeline.Found, error) {
	ref, err := parseReference(image)
	if err != nil || !reference.AtDockerHub(image) {
		return h.Else.Find(ctx, image)
	}
	h.connect.Do(func() {
		if client, err := h.Access.Connect(ctx, ref.Context().Name()); err == nil {
			h.client = client
		}
	})
	if h.client == nil {
		return h.Else.Find(ctx, image)
	}
	found, err := h.client.findHead(ctx, ref)
	if refused(err) {
		return h.Else.Find(ctx, image) // It may have the credentials for that.
	}
	return found, err
}
