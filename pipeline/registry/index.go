package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// ImageFor reads the image that a reference names, or that for this platform, such as
// "linux/amd64", of an index.
func (c *Client) ImageFor(ctx context.Context, at, platform string) (*Image, error) {
	image, err := c.Image(ctx, at)
	if !errors.Is(err, ErrNoImage) {
		return image, err
	}
	ref, err := c.parse(at)
	if err != nil {
		return nil, err
	}
	got, err := c.ask(ctx, http.MethodGet, repositoryOf(ref), "manifests/"+ref.Identifier(), content{accept: manifestTypes}, http.StatusOK)
	if err != nil {
		return nil, err
	}
	digest, err := readIndex(ref, got.body, platform)
	if err != nil {
		return nil, err
	}
	return c.Image(ctx, ref.Context().Digest(digest.String()).Name())
}

// readIndex finds the image for a platform in the index that a registry gives for a reference.
func readIndex(ref name.Reference, body []byte, platform string) (v1.Hash, error) {
	if digest := digestOf(body); ref.Identifier() != digest.String() {
		if _, byDigest := ref.(name.Digest); byDigest {
			return v1.Hash{}, fmt.Errorf("reading %s: what the registry gives has the digest %s", ref, digest)
		}
	}
	var index v1.IndexManifest
	if err := decode(body, &index); err != nil {
		return v1.Hash{}, fmt.Errorf("reading the index of %s: %w", ref, err)
	}
	for _, of := range index.Manifests {
		if of.Platform != nil && of.Platform.OS+"/"+of.Platform.Architecture == platform && of.Digest != (v1.Hash{}) {
			return of.Digest, nil
		}
	}
	return v1.Hash{}, fmt.Errorf("%w: %s has none for %s", ErrNoImage, ref, platform)
}
