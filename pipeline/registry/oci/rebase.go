package oci

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// ErrNoRebase says that layers that were built on one image do not fit on another.
var ErrNoRebase = errors.New("the layers do not fit on the other image")

// Below is a key of the image without its topmost layers, as far as independent accepts the steps
// of the history that made them. Two images with the same key have the same layers below, and the
// same config except for labels. If the history does not match the layers, the key is of the whole
// image.
func (i *Image) Below(independent func(createdBy string) bool) string {
	rest := len(i.Manifest.Layers)
	if steps := layerSteps(i.Config.History); len(steps) == rest {
		for rest > 0 && independent(steps[rest-1].CreatedBy) {
			rest--
		}
	}
	below := struct {
		Layers   []v1.Hash
		Platform string
		Config   v1.Config
	}{Platform: i.Config.OS + "/" + i.Config.Architecture + "/" + i.Config.Variant, Config: i.Config.Config}
	below.Config.Labels = nil
	below.Layers = append(below.Layers, i.Config.RootFS.DiffIDs[:rest]...)
	data, err := json.Marshal(below)
	if err != nil {
		panic(err) // JSON can hold all of it.
	}
	return DigestOf(data).String()
}

// layerSteps are the steps of a history that made a layer.
func layerSteps(history []v1.History) []v1.History {
	return slices.DeleteFunc(slices.Clone(history), func(step v1.History) bool { return step.EmptyLayer })
}

// Rebase puts the layers that a recipe added to oldBase on newBase: the recipe made built from
// oldBase, and would add the same layers to newBase, which has the same key by [Image.Below]. The
// new image has built's config, with newBase's labels and history, and the given labels.
func Rebase(built, oldBase, newBase *Image, labels map[string]string) (*Composed, error) {
	kept := len(oldBase.Manifest.Layers)
	if len(built.Manifest.Layers) < kept || !slices.Equal(built.Config.RootFS.DiffIDs[:kept], oldBase.Config.RootFS.DiffIDs) {
		return nil, fmt.Errorf("%w: they were not built on the old base", ErrNoRebase)
	}
	if a, b := withoutLabels(oldBase.Config.Config), withoutLabels(newBase.Config.Config); !reflect.DeepEqual(a, b) {
		return nil, fmt.Errorf("%w: their configs differ", ErrNoRebase)
	}
	config := built.Config.DeepCopy()
	config.RootFS.DiffIDs = append(slices.Clone(newBase.Config.RootFS.DiffIDs), built.Config.RootFS.DiffIDs[kept:]...)
	config.History = slices.Clone(newBase.Config.History)
	if steps := layerSteps(built.Config.History); len(steps) == len(built.Manifest.Layers) {
		config.History = append(config.History, steps[kept:]...)
	}
	config.Config.Labels = rebasedLabels(built, oldBase, newBase, labels)

	m := built.Manifest.Manifest.DeepCopy()
	m.Annotations = maps.Clone(labels)
	m.Layers = nil
	layers := append(newBase.Layers(), built.Layers()[kept:]...)
	for i := range layers {
		if err := layers[i].as(built.Manifest.MediaType); err != nil {
			return nil, err
		}
		m.Layers = append(m.Layers, layers[i].Descriptor)
	}
	return finish(m, built.Manifest.MediaType, config, layers)
}

func withoutLabels(config v1.Config) v1.Config {
	config.Labels = nil
	return config
}

// rebasedLabels are the labels that the recipe set, newBase's, and the given ones; later ones win.
func rebasedLabels(built, oldBase, newBase *Image, labels map[string]string) map[string]string {
	all := map[string]string{}
	for name, value := range built.Config.Config.Labels {
		if was, ok := oldBase.Config.Config.Labels[name]; !ok || was != value {
			all[name] = value
		}
	}
	maps.Copy(all, newBase.Config.Config.Labels)
	maps.Copy(all, labels)
	return all
}

// as sets the layer's media type to the one in a manifest of this type.
func (l *Layer) as(manifest types.MediaType) error {
	switch l.Descriptor.MediaType {
	case types.DockerLayer, types.OCILayer:
		l.Descriptor.MediaType = layerType(manifest)
	case types.OCILayerZStd:
		if manifest != types.OCIManifestSchema1 {
			return fmt.Errorf("%w: a layer of type %s", ErrNoRebase, l.Descriptor.MediaType)
		}
	default:
		return fmt.Errorf("%w: a layer of type %s", ErrNoRebase, l.Descriptor.MediaType)
	}
	return nil
}
