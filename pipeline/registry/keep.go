package registry

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"

	"dagger/eval-images/pipeline/registry/oci"
)

// Keep puts the config and the manifest of an image of another registry in a repository that has
// its layers, and returns a reference to it by its digest. Nothing keeps the registry from
// removing it later.
func (c *Client) Keep(ctx context.Context, image *oci.Image, repository string) (string, error) {
	to, err := parseRepository(repository)
	if err != nil {
		return "", err
	}
	ref := to.Digest(image.Digest())
	return ref.Name(), c.keep(ctx, image, ref)
}

// KeepAs does so under a reference. It mounts layers that are in other repositories of this
// registry.
func (c *Client) KeepAs(ctx context.Context, image *oci.Image, reference string) error {
	ref, err := c.parse(reference)
	if err != nil {
		return err
	}
	for _, layer := range image.Layers() {
		if _, _, err := c.once(ctx, repositoryOf(ref), layer.Descriptor.Digest, func() error { return c.mount(ctx, repositoryOf(ref), layer) }); err != nil {
			return fmt.Errorf("mounting the layer %s: %w", layer.Descriptor.Digest, err)
		}
	}
	return c.keep(ctx, image, ref)
}

func (c *Client) keep(ctx context.Context, image *oci.Image, ref name.Reference) error {
	config := image.Manifest.Config.Digest
	_, _, err := c.once(ctx, repositoryOf(ref), config, func() error {
		return c.upload(ctx, repositoryOf(ref), image.RawConfig, config)
	})
	if err != nil {
		return fmt.Errorf("uploading the config: %w", err)
	}
	if err := c.tag(ctx, image.Manifest, ref); err != nil {
		return fmt.Errorf("putting the manifest: %w", err)
	}
	return nil
}
