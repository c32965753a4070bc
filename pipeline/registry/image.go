package registry

import (
	"context"
	"fmt"
	"net/http"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Image is an image as its manifest and config describe it. Its layers stay where they are.
type Image struct {
	// Repository that has its blobs.
	repository repository
	manifest   *imageManifest
	config     *v1.ConfigFile
}

// Image reads an image's manifest and config. The error is [classify.ErrAbsent] if the registry has
// no such image.
func (c *Client) Image(ctx context.Context, reference string) (*Image, error) {
	ref, err := c.parse(reference)
	if err != nil {
		return nil, err
	}
	if image, ok := c.images.Get(ref.Name()); ok {
		return image, nil
	}
	m, err := c.known(ctx, ref)
	if err != nil {
		return nil, err
	}
	config, err := c.config(ctx, repositoryOf(ref), m)
	if err != nil {
		return nil, fmt.Errorf("reading the config of %s: %w", ref, err)
	}
	image := &Image{repository: repositoryOf(ref), manifest: m, config: config}
	c.images.Add(ref.Context().Digest(image.Digest()).Name(), image)
	return image, nil
}

// Digest of the image's manifest, "sha256:…".
func (i *Image) Digest() string { return i.manifest.digest.String() }

// Annotations of the image's manifest.
func (i *Image) Annotations() map[string]string { return i.manifest.Annotations }

// Platform that the image is for, such as "linux/amd64".
func (i *Image) Platform() string { return i.config.OS + "/" + i.config.Architecture }

func (c *Client) config(ctx context.Context, in repository, m *imageManifest) (*v1.ConfigFile, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	got, err := c.ask(ctx, http.MethodGet, in, "blobs/"+m.Config.Digest.String(), content{}, http.StatusOK)
	if err != nil {
		return nil, err
	}
	return readConfig(got.body, m)
}

// readConfig reads what a registry gives for the config of a manifest.
func readConfig(body []byte, m *imageManifest) (*v1.ConfigFile, error) {
	if digest := digestOf(body); digest != m.Config.Digest {
		return nil, fmt.Errorf("what the registry gives has the digest %s, and not %s", digest, m.Config.Digest)
	}
	config := new(v1.ConfigFile)
	if err := decode(body, config); err != nil {
		return nil, err
	}
	if len(config.RootFS.DiffIDs) != len(m.Layers) {
		return nil, fmt.Errorf("%w: it has %d layers, and the manifest %d", ErrNoImage, len(config.RootFS.DiffIDs), len(m.Layers))
	}
	return config, nil
}

// Layer is a layer that an image can get.
type Layer struct {
	in         repository
	descriptor v1.Descriptor
	diffID     v1.Hash
	history    v1.History
}

// OnlyLayer is the layer of an image that has no other one.
func (i *Image) OnlyLayer() (Layer, error) {
	if len(i.manifest.Layers) != 1 {
		return Layer{}, fmt.Errorf("it has %d layers, and not one", len(i.manifest.Layers))
	}
	layer := Layer{in: i.repository, descriptor: i.manifest.Layers[0], diffID: i.config.RootFS.DiffIDs[0]}
	for _, step := range i.config.History {
		if !step.EmptyLayer {
			layer.history = step
		}
	}
	return layer, nil
}
