package registry

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

// ErrNoRebase says that what was built on one image cannot be put on another.
var ErrNoRebase = errors.New("the layers cannot be taken from one image to the other")

// Below stands for all of an image but the layers at its end that apart says are of no concern, by
// the steps of its history that made them. Two images with the same key have the same layers below,
// and the same config except for labels. An image whose history does not match its layers is taken
// as a whole.
func (i *Image) Below(apart func(createdBy string) bool) string {
	rest := len(i.manifest.Layers)
	if steps := layerSteps(i.config.History); len(steps) == rest {
		for rest > 0 && apart(steps[rest-1].CreatedBy) {
			rest--
		}
	}
	below := struct {
		Layers   []v1.Hash
		Platform string
		Config   v1.Config
	}{Platform: i.config.OS + "/" + i.config.Architecture + "/" + i.config.Variant, Config: i.config.Config}
	below.Config.Labels = nil
	below.Layers = append(below.Layers, i.config.RootFS.DiffIDs[:rest]...)
	data, err := json.Marshal(below)
	if err != nil {
		panic(err) // There is nothing in it that JSON cannot hold.
	}
	return digestOf(data).String()
}

// layerSteps are the steps of a history that made a layer each.
func layerSteps(history []v1.History) []v1.History {
	return slices.DeleteFunc(slices.Clone(history), func(step v1.History) bool { return step.EmptyLayer })
}

// Rebase puts on an image what a recipe added to another one: built is what the recipe made of like,
// and on an image that has the same key in [Image.Below] it would have made the same. The result
// has built's config, with on's labels and history, and these labels.
func Rebase(built, like, on *Image, labels map[string]string) (*Composed, error) {
	kept := len(like.manifest.Layers)
	if len(built.manifest.Layers) < kept || !slices.Equal(built.config.RootFS.DiffIDs[:kept], like.config.RootFS.DiffIDs) {
		return nil, fmt.Errorf("%w: one does not stand on the other", ErrNoRebase)
	}
	if a, b := withoutLabels(like.config.Config), withoutLabels(on.config.Config); !reflect.DeepEqual(a, b) {
		return nil, fmt.Errorf("%w: their configs differ", ErrNoRebase)
	}
	config := built.config.DeepCopy()
	config.RootFS.DiffIDs = append(slices.Clone(on.config.RootFS.DiffIDs), built.config.RootFS.DiffIDs[kept:]...)
	config.History = slices.Clone(on.config.History)
	if steps := layerSteps(built.config.History); len(steps) == len(built.manifest.Layers) {
		config.History = append(config.History, steps[kept:]...)
	}
	config.Config.Labels = rebasedLabels(built, like, on, labels)

	m := built.manifest.Manifest.DeepCopy()
	m.Annotations = maps.Clone(labels)
	m.Layers = nil
	var layers []Layer
	for _, part := range []struct {
		of   *Image
		from int
	}{{on, 0}, {built, kept}} {
		for i := part.from; i < len(part.of.manifest.Layers); i++ {
			layer := Layer{in: part.of.repository, descriptor: part.of.manifest.Layers[i], diffID: part.of.config.RootFS.DiffIDs[i]}
			if err := layer.as(built.manifest.MediaType); err != nil {
				return nil, err
			}
			layers = append(layers, layer)
			m.Layers = append(m.Layers, layer.descriptor)
		}
	}
	return finish(m, built.manifest.MediaType, config, layers)
}

func withoutLabels(config v1.Config) v1.Config {
	config.Labels = nil
	return config
}

// rebasedLabels are on's own, those that the recipe added, and those given.
func rebasedLabels(built, like, on *Image, labels map[string]string) map[string]string {
	all := map[string]string{}
	for name, value := range built.config.Config.Labels {
		if was, ok := like.config.Config.Labels[name]; !ok || was != value {
			all[name] = value
		}
	}
	maps.Copy(all, on.config.Config.Labels)
	maps.Copy(all, labels)
	return all
}

// as calls the layer what it is called in a manifest of this type.
func (l *Layer) as(manifest types.MediaType) error {
	switch l.descriptor.MediaType {
	case types.DockerLayer, types.OCILayer:
		l.descriptor.MediaType = layerType(manifest)
	case types.OCILayerZStd:
		if manifest != types.OCIManifestSchema1 {
			return fmt.Errorf("%w: a layer of type %s", ErrNoRebase, l.descriptor.MediaType)
		}
	default:
		return fmt.Errorf("%w: a layer of type %s", ErrNoRebase, l.descriptor.MediaType)
	}
	return nil
}
