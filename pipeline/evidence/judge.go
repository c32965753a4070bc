package evidence

import (
	"reflect"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Judge returns nil if the layers that the recipe added to sibling are those that it would add to
// image, so that they may be put on it. An error is a [Refusal].
func (r Recipe) Judge(image, sibling Stack, added []*Layer) error {
	if err := Comparable(image, sibling); err != nil {
		return err
	}
	split, all, err := r.split(image)
	if err != nil {
		return err
	}
	other, others, err := r.split(sibling)
	if err != nil {
		return err
	}
	if split.Key != other.Key {
		return refuse("the images stand on different layers")
	}
	own, siblings := image.Layers[split.Layers:], sibling.Layers[other.Layers:]
	j := judge{image: all, sibling: others, own: append(slices.Clone(own), siblings...)}
	for i, layer := range added {
		if layer.Refused != "" {
			return refuse("added layer %d: %s", i+1, layer.Refused)
		}
		if err := j.added(layer); err != nil {
			return refuse("added layer %d: %s", i+1, err)
		}
	}
	return nil
}

// Comparable returns nil if platform and config of two images are the same, labels aside. An error
// is a [Refusal].
func Comparable(image, sibling Stack) error {
	if image.Platform != sibling.Platform {
		return refuse("the images are for different platforms")
	}
	if !reflect.DeepEqual(unlabelled(image.Config), unlabelled(sibling.Config)) {
		return refuse("the configs of the images differ")
	}
	return nil
}

func unlabelled(config v1.Config) v1.Config {
	config.Labels = nil
	return config
}

// judge looks at added layers, the lowest first.
type judge struct {
	// image and sibling are the trees that the layers are put on. Outside the free places they are
	// the same.
	image, sibling *tree
	own            []*Layer // of both
}

// added refuses a layer that the own layers may have to do with, and puts it on the image's tree.
func (j *judge) added(layer *Layer) error {
	made := layer.made()
	for _, entry := range layer.Outside {
		if err := j.outside(entry, made); err != nil {
			return err
		}
	}
	for name, place := range sorted(layer.Places) {
		if err := j.place(name, place); err != nil {
			return err
		}
	}
	j.image.apply(layer)
	return nil
}

// outside judges an added entry outside the free places. Made are the paths that its layer has.
func (j *judge) outside(entry Entry, made map[string]Kind) error {
	if err := j.image.reaches(entry.Path, made); err != nil {
		return err
	}
	was, there := j.image.outside[entry.Path]
	switch {
	case entry.Into == anywhere || j.uses(entry.Into):
		return refuse("the link %s leads into %s", entry.Path, entry.Into)
	case entry.Kind == Directory:
		if there && was.Kind != Directory {
			return refuse("%s becomes a directory", entry.Path)
		}
	case entry.Kind == Whiteout || entry.Kind == Opaque:
		if at := j.below(entry.Path, entry.Kind == Whiteout); at != "" {
			return refuse("%s is removed, and with it %s", entry.Path, at)
		}
	case entry.Kind == Device:
		return refuse("%s is a device or a pipe", entry.Path)
	case was.Kind == Directory:
		return refuse("%s is no directory any more", entry.Path)
	}
	return nil
}

// below is a path of the own layers that is below another one, or the same if whole. Empty: there
// is none.
func (j *judge) below(at string, whole bool) string {
	inside := func(path string) bool { return within(path, at) && (whole || path != at) }
	for _, layer := range j.own {
		for name := range sorted(layer.Places) {
			if inside(name) {
				return name
			}
		}
		for _, entry := range layer.Outside {
			if inside(entry.Path) {
				return entry.Path
			}
		}
	}
	return ""
}

// place judges what an added layer has in a free place. Where the own layers have entries as well,
// it may only repeat the place itself.
func (j *judge) place(name string, added *Place) error {
	if err := added.confined(); err != nil {
		return err
	}
	switch {
	case slices.ContainsFunc(added.Into, func(into string) bool { return into == anywhere || j.uses(into) }):
		return refuse("a link in %s leads to what the images have", name)
	case !j.uses(name):
		return j.image.takes(name, added)
	case added.Below:
		return refuse("the recipe changes something in %s", name)
	case added.Own.Kind != Directory:
		return refuse("%s is no directory any more", name)
	}
	for _, tree := range []*tree{j.image, j.sibling} {
		if tree.places[name].Attributes != added.Own.Attributes {
			return refuse("the recipe repeats the directory %s with another mode or owner", name)
		}
	}
	return nil
}

// uses says whether an own layer has entries in a place.
func (j *judge) uses(place string) bool {
	return slices.ContainsFunc(j.own, func(layer *Layer) bool { return layer.Places[place] != nil })
}
