package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/oci"
)

// Image reads an image's manifest and config. The error is [classify.ErrAbsent] if the registry has
// no such image.
func (c *Client) Image(ctx context.Context, reference string) (*oci.Image, error) {
	ref, err := c.parse(reference)
	if err != nil {
		return nil, err
	}
	if image, ok := c.images.Get(ref.Name()); ok {
		return image, nil
	}
	m, err := c.knownManifest(ctx, ref)
	if err != nil {
		return nil, err
	}
	image, err := c.withConfig(ctx, repositoryOf(ref), m)
	if err != nil {
		return nil, fmt.Errorf("reading the config of %s: %w", ref, err)
	}
	c.images.Add(ref.Context().Digest(image.Digest()).Name(), image)
	return image, nil
}

// withConfig reads the config of an image whose manifest was read.
func (c *Client) withConfig(ctx context.Context, in oci.Repository, m *oci.Manifest) (*oci.Image, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	got, err := c.ask(ctx, http.MethodGet, in, "blobs/"+m.Config.Digest.String(), content{}, http.StatusOK)
	if err != nil {
		return nil, err
	}
	return oci.ReadImage(in, m, got.body)
}

// ImageFor reads the image that a reference names or, if it names an index, the index's image for a
// platform such as "linux/amd64".
func (c *Client) ImageFor(ctx context.Context, at, platform string) (*oci.Image, error) {
	image, err := c.Image(ctx, at)
	var index *oci.IndexError
	if !errors.As(err, &index) {
		return image, err
	}
	ref, err := c.parse(at)
	if err != nil {
		return nil, err
	}
	digest, err := oci.ReadIndex(ref, index.Raw, platform)
	if err != nil {
		return nil, err
	}
	return c.Image(ctx, ref.Context().Digest(digest.String()).Name())
}

// knownManifest is manifest without a request, if the client remembers the manifest.
func (c *Client) knownManifest(ctx context.Context, ref name.Reference) (*oci.Manifest, error) {
	if m, ok := c.manifests.Get(ref.Name()); ok {
		return m, nil
	}
	return c.manifest(ctx, ref)
}

// manifest reads an image's manifest. The error is [classify.ErrAbsent] if the registry has none.
func (c *Client) manifest(ctx context.Context, ref name.Reference) (*oci.Manifest, error) {
	got, err := c.ask(ctx, http.MethodGet, repositoryOf(ref), "manifests/"+ref.Identifier(), content{accept: manifestTypes}, http.StatusOK, http.StatusNotFound)
	if err != nil {
		return nil, err
	}
	if got.status == http.StatusNotFound {
		return nil, classify.ErrAbsent
	}
	m, err := oci.ReadManifest(ref, got.body, got.header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	c.manifests.Add(ref.Context().Digest(m.Digest.String()).Name(), m)
	return m, nil
}
