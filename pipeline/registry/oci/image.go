package oci

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Repository is the path of a repository in its registry.
type Repository string

// Image is an image's manifest and config. Its layers stay in the registry.
type Image struct {
	// Repository that has the image's blobs.
	Repository Repository
	Manifest   *Manifest
	Config     *v1.ConfigFile
	// RawConfig is the config as the registry has it.
	RawConfig []byte
}

// ReadImage makes an image of its manifest and of what its repository answers for its config.
func ReadImage(repository Repository, m *Manifest, config []byte) (*Image, error) {
	if digest := DigestOf(config); digest != m.Config.Digest {
		return nil, fmt.Errorf("the registry's answer has the digest %s, and not %s", digest, m.Config.Digest)
	}
	decoded := new(v1.ConfigFile)
	if err := Decode(config, decoded); err != nil {
		return nil, err
	}
	if len(decoded.RootFS.DiffIDs) != len(m.Layers) {
		return nil, fmt.Errorf("%w: its config has %d layers, and its manifest %d", ErrNoImage, len(decoded.RootFS.DiffIDs), len(m.Layers))
	}
	return &Image{Repository: repository, Manifest: m, Config: decoded, RawConfig: config}, nil
}

// Digest of the image's manifest, "sha256:…".
func (i *Image) Digest() string { return i.Manifest.Digest.String() }

// Annotations of the image's manifest.
func (i *Image) Annotations() map[string]string { return i.Manifest.Annotations }

// Platform that the image is for, such as "linux/amd64".
func (i *Image) Platform() string { return i.Config.OS + "/" + i.Config.Architecture }

// Layer of an image.
type Layer struct {
	// Repository that has the layer.
	Repository Repository
	// Descriptor of the layer in its image's manifest.
	Descriptor v1.Descriptor
	// diffID is the digest of the layer without compression.
	diffID v1.Hash
	// history of the step that made the layer; empty if nothing needs it.
	history v1.History
}

// Layers of the image, from the bottom.
func (i *Image) Layers() []Layer {
	layers := make([]Layer, len(i.Manifest.Layers))
	for n, descriptor := range i.Manifest.Layers {
		layers[n] = Layer{Repository: i.Repository, Descriptor: descriptor, diffID: i.Config.RootFS.DiffIDs[n]}
	}
	return layers
}

// In is the same image in another repository, which may be of another registry.
func (i *Image) In(repository Repository) *Image {
	there := *i
	there.Repository = repository
	return &there
}

// OnlyLayer returns the layer of an image that has a single one.
func (i *Image) OnlyLayer() (Layer, error) {
	layers := i.Layers()
	if len(layers) != 1 {
		return Layer{}, fmt.Errorf("it has %d layers instead of one", len(layers))
	}
	for _, step := range i.Config.History {
		if !step.EmptyLayer {
			layers[0].history = step
		}
	}
	return layers[0], nil
}
