package evidence

import (
	"maps"
	"slices"
)

// Approved are the layers that a recipe added to an image, the sibling. They have nothing to do
// with what is the sibling's own.
type Approved struct {
	examiner *Examiner
	platform string
	config   string // the key of platform and config alone
	sibling  split
	// added are the layers with those entries that may have to do with another image's own.
	added []*Layer
}

// Approve looks at what does not depend on the image that the layers may be put on. An error is a
// [Refusal]: they belong to the sibling only.
func (e *Examiner) Approve(sibling Stack, added []*Layer) (*Approved, error) {
	if err := examinable(sibling); err != nil {
		return nil, err
	}
	e.building.Lock()
	defer e.building.Unlock()
	keys := sibling.keys()
	found, all, err := e.build(sibling, keys)
	if err != nil {
		return nil, err
	}
	a := &Approved{examiner: e, platform: sibling.Platform, config: keys[0], sibling: found}
	j := judge{image: all, sibling: found.places, own: found.own}
	for n, layer := range added {
		if layer.Refused != "" {
			return nil, refuse("added layer %d: %s", n+1, layer.Refused)
		}
		whole := layer.unpack()
		if err := j.added(whole); err != nil {
			return nil, refuse("added layer %d: %s", n+1, err)
		}
		a.added = append(a.added, whole.effects())
	}
	return a, nil
}

// effects are those entries of an added layer that the layers of another image may make a
// difference to, although the layers below are the same: what it removes, one link into each free
// place, and the free places themselves.
func (u unpacked) effects() *Layer {
	var kept packer
	into := map[string]bool{"": true}
	for _, entry := range u.outside {
		if entry.Kind == Whiteout || entry.Kind == Opaque || !into[entry.Into] {
			into[entry.Into] = true
			kept.add(entry)
		}
	}
	return &Layer{DiffID: u.DiffID, Places: u.Places, outside: kept.packed()}
}

// Judge returns nil if the recipe would add the same layers to an image, so that they may be put on
// it. An error is a [Refusal].
func (a *Approved) Judge(image Stack) error {
	found, err := a.examiner.split(image)
	switch {
	case image.Platform != a.platform:
		return refuse("the images are for different platforms")
	case image.keys()[0] != a.config:
		return refuse("the configs of the images differ")
	case err != nil:
		return err
	case found.shared.Key != a.sibling.shared.Key:
		return refuse("the images stand on different layers")
	}
	// Outside the free places the trees of both are the same, and were looked at.
	on := newTree()
	on.places = maps.Clone(found.places)
	j := judge{image: on, sibling: a.sibling.places, own: found.own.and(a.sibling.own)}
	for n, layer := range a.added {
		if err := j.added(layer.unpack()); err != nil {
			return refuse("added layer %d: %s", n+1, err)
		}
	}
	return nil
}

// judge looks at added layers, the lowest first.
type judge struct {
	// image is the tree that the layers are put on.
	image *tree
	// sibling are the places of the image that they were made on.
	sibling map[string]Entry
	own     own // of both
}

// added refuses a layer that the own layers may have to do with, and puts it on the image's tree.
func (j *judge) added(layer unpacked) error {
	parents := j.image.parentsOf(layer)
	for _, entry := range layer.outside {
		if err := parents.check(entry.Path); err != nil {
			return err
		}
		if err := j.outside(entry); err != nil {
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

// outside judges an added entry outside the free places.
func (j *judge) outside(entry Entry) error {
	was, there := j.image.outside[entry.Path]
	switch {
	case entry.Into == anywhere || j.own.places[entry.Into]:
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
	for _, path := range j.own.paths {
		if within(path, at) && (whole || path != at) {
			return path
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
	case slices.ContainsFunc(added.Into, func(into string) bool { return into == anywhere || j.own.places[into] }):
		return refuse("a link in %s leads to what the images have", name)
	case !j.own.places[name]:
		return j.image.takes(name, added)
	case added.Below:
		return refuse("the recipe changes something in %s", name)
	case added.Own.Kind != Directory:
		return refuse("%s is no directory any more", name)
	}
	if want := added.Own.Attributes; j.image.places[name].Attributes != want || j.sibling[name].Attributes != want {
		return refuse("the recipe repeats the directory %s with another mode or owner", name)
	}
	return nil
}
