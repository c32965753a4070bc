package registry

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Addition is what an image gets on top of its base.
type Addition struct {
	// Layer on top of the base's.
	Layer Layer
	// Env are variables, by their names.
	Env map[string]string
	// Entrypoint replaces the base's, and its command with it. Nil: both stay.
	Entrypoint []string
	// Labels are added, or replaced. They are the manifest's annotations as well, where one request
	// finds them.
	Labels map[string]string
}

// Composed is a new image that no registry has yet.
type Composed struct {
	manifest, config             []byte
	manifestDigest, configDigest v1.Hash
	media                        types.MediaType
	layers                       []Layer
}

// Digest of the image's manifest, "sha256:…".
func (c *Composed) Digest() string { return c.manifestDigest.String() }

// Compose describes the image that the addition makes of a base. It asks nothing of the registry.
// The same base and the same addition make the same image.
func Compose(base *Image, add Addition) (*Composed, error) {
	config := base.config.DeepCopy()
	config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, add.Layer.diffID)
	config.History = append(config.History, add.Layer.history)
	add.configure(&config.Config)

	var layers []Layer
	for i, descriptor := range base.manifest.Layers {
		layers = append(layers, Layer{in: base.repository, descriptor: descriptor, diffID: config.RootFS.DiffIDs[i]})
	}
	add.Layer.descriptor.MediaType = layerType(base.manifest.MediaType)
	m := base.manifest.Manifest.DeepCopy()
	m.Layers = append(m.Layers, add.Layer.descriptor)
	m.Annotations = maps.Clone(add.Labels)
	return finish(m, base.manifest.MediaType, config, append(layers, add.Layer))
}

// finish writes the config, and the manifest that names it.
func finish(m *v1.Manifest, media types.MediaType, config *v1.ConfigFile, layers []Layer) (*Composed, error) {
	composed := &Composed{media: media, layers: layers}
	var err error
	if composed.config, err = json.Marshal(config); err != nil {
		return nil, fmt.Errorf("writing the config: %w", err)
	}
	composed.configDigest = digestOf(composed.config)
	m.SchemaVersion, m.MediaType = 2, media
	m.Config.Digest, m.Config.Size, m.Config.Data = composed.configDigest, int64(len(composed.config)), nil
	if composed.manifest, err = json.Marshal(m); err != nil {
		return nil, fmt.Errorf("writing the manifest: %w", err)
	}
	composed.manifestDigest = digestOf(composed.manifest)
	return composed, nil
}

// layerType is what a gzipped layer is called in a manifest of this type.
func layerType(of types.MediaType) types.MediaType {
	if of == types.DockerManifestSchema2 {
		return types.DockerLayer
	}
	return types.OCILayer
}

func (a Addition) configure(config *v1.Config) {
	for _, name := range slices.Sorted(maps.Keys(a.Env)) {
		config.Env = withVariable(config.Env, name, a.Env[name])
	}
	if a.Entrypoint != nil {
		config.Entrypoint, config.Cmd = slices.Clone(a.Entrypoint), nil
	}
	if config.Labels == nil && len(a.Labels) > 0 {
		config.Labels = map[string]string{}
	}
	maps.Copy(config.Labels, a.Labels)
}

// withVariable sets a variable where it is, or else at the end.
func withVariable(env []string, name, value string) []string {
	entry := name + "=" + value
	for i, known := range env {
		if strings.HasPrefix(known, name+"=") {
			env[i] = entry
			return env
		}
	}
	return append(env, entry)
}
