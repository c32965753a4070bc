package registry

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"

	"dagger/eval-images/pipeline"
)

// ImmutableError says that a tag names another image, and that the registry does not let it be replaced.
type ImmutableError struct {
	// Reference is the tag, Has the digest of the image that it names, and Want that of the image that was to be published.
	Reference, Has, Want string
	// Err is the registry's refusal.
	Err error
}

// Error names the tag and both images.
func (e *ImmutableError) Error() string {
	return fmt.Sprintf("the tag %s is immutable: it names %s, and the registry refuses %s: %v", e.Reference, e.Has, e.Want, e.Err)
}

// Unwrap gives the registry's refusal.
func (e *ImmutableError) Unwrap() error { return e.Err }

// Cause is permanent even for 403: the registry took the image itself, so the credentials are good.
func (e *ImmutableError) Cause() pipeline.Cause {
	return pipeline.Cause{Kind: pipeline.KindPermanent, Advice: adviceImmutable}
}

const adviceImmutable = "The registry does not replace tags. Leave out --force-build, delete the tag, or let tags of that repository be replaced."

// tag puts a tag on an image that the repository has. Where tags are immutable, a registry refuses even the image that the tag names
// already. That happens after a lost answer, and is no failure.
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
		return &ImmutableError{Reference: ref.Name(), Has: found.Digest, Want: image.Digest(), Err: err}
	}
	return err
}
