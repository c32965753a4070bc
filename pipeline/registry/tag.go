package registry

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/redact"
)

// Tag makes a further reference name an image that its repository has, and is given by its digest.
// It puts the manifest just as the registry gave it. That is one request if the client has read the
// manifest lately. It is a [run.Tagger].
func (c *Client) Tag(ctx context.Context, image, reference string) error {
	from, err := c.parse(image)
	if err != nil {
		return err
	}
	to, err := c.parse(reference)
	if err != nil {
		return err
	}
	if from.Context() != to.Context() {
		return fmt.Errorf("tagging %s: %s is in another repository", reference, image)
	}
	m, err := c.known(ctx, from)
	if err != nil {
		return fmt.Errorf("reading %s: %w", image, err)
	}
	if err := c.tag(ctx, &Composed{manifest: m.raw, manifestDigest: m.digest, media: m.MediaType}, to); err != nil {
		return &classify.PushError{Reference: reference, Err: fmt.Errorf("tagging the manifest: %w", err)}
	}
	return nil
}

// tag puts a tag on an image that the repository has. Where tags are immutable, a registry refuses
// even the image that the tag names already. That happens after a lost answer, and is no failure.
func (c *Client) tag(ctx context.Context, image *Composed, ref name.Reference) error {
	got, err := c.putManifest(ctx, image, ref)
	accepted := err == nil
	if accepted && (got.status == http.StatusCreated || got.header.Get("Docker-Content-Digest") == image.Digest()) {
		return nil
	}
	if accepted { // It may come from something in front of the registry.
		err = newStatusError(http.MethodPut, redact.Line(got.url.EscapedPath()), got)
	} else if !Refused(err) {
		return err
	}
	found, notFound := c.Find(ctx, ref.Name())
	switch {
	case notFound == nil && found.Digest == image.Digest():
		return nil
	case notFound == nil && !accepted:
		return &classify.ImmutableError{Reference: ref.Name(), Has: found.Digest, Want: image.Digest(), Err: err}
	}
	return err
}
