package registry

import (
	"context"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"

	"dagger/eval-images/pipeline"
)

// tag puts a tag on an image that the repository has. Where tags are immutable, a registry refuses even the
// image that the tag names already. That happens after a lost answer, and is no failure.
func (c *Client) tag(ctx context.Context, image *Composed, ref name.Reference) error {
	got, err := c.putManifest(ctx, image, ref)
	accepted := err == nil
	if accepted && (got.status == http.StatusCreated || got.header.Get("Docker-Content-Digest") == image.Digest()) {
		return nil
	}
	if accepted { // It may come from something in front of the registry.
		err = newStatusError(http.MethodPut, printable(got.url.EscapedPath()), got)
	} else if !refused(err) {
		return err
	}
	found, notFound := c.Find(ctx, ref.Name())
	switch {
	case notFound == nil && found.Digest == image.Digest():
		return nil
	case notFound == nil && !accepted:
		return &pipeline.ImmutableError{Reference: ref.Name(), Has: found.Digest, Want: image.Digest(), Err: err}
	}
	return err
}
