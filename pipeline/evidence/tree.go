package evidence

import (
	"iter"
	"maps"
	"path"
	"slices"
)

// tree is what a stack of layers has outside the free places, and the free places themselves.
type tree struct {
	outside map[string]Entry
	places  map[string]Entry
	// links are those of outside that lead into a free place.
	links map[string]string
}

func newTree() *tree {
	return &tree{outside: map[string]Entry{}, places: map[string]Entry{}, links: map[string]string{}}
}

// apply puts a layer without orphans on top. Whiteouts concern the layers below only.
func (t *tree) apply(layer unpacked) {
	t.remove(layer)
	for _, entry := range layer.outside {
		if entry.Kind == Whiteout || entry.Kind == Opaque {
			continue
		}
		t.outside[entry.Path] = entry
		delete(t.links, entry.Path)
		if entry.Into != "" {
			t.links[entry.Path] = entry.Into
		}
	}
	t.applyPlaces(layer.Layer)
}

// applyPlaces puts a layer's free places on top. That is all of a layer that is an image's own: the
// directories that it repeats outside are the same.
func (t *tree) applyPlaces(layer *Layer) {
	for name, place := range layer.Places {
		if place.Own.Kind != Whiteout {
			t.places[name] = *place.Own
		}
	}
}

// remove removes what the layer has whiteouts for, and what is below a path at which the layer has
// no directory any more.
func (t *tree) remove(layer unpacked) {
	whole, contents := map[string]bool{}, map[string]bool{}
	for _, entry := range layer.outside {
		switch {
		case entry.Kind == Whiteout:
			whole[entry.Path] = true
		case entry.Kind == Opaque:
			contents[entry.Path] = true
		case entry.Kind != Directory && t.outside[entry.Path].Kind == Directory:
			whole[entry.Path] = true
		}
	}
	for name, place := range layer.Places {
		if place.Own.Kind == Whiteout {
			whole[name] = true
		}
	}
	if len(whole)+len(contents) == 0 {
		return
	}
	gone := func(path string) bool {
		return whole[path] || path != "." && contents["."] ||
			slices.ContainsFunc(parents(path), func(parent string) bool { return whole[parent] || contents[parent] })
	}
	maps.DeleteFunc(t.outside, func(path string, _ Entry) bool { return gone(path) })
	maps.DeleteFunc(t.places, func(path string, _ Entry) bool { return gone(path) })
	maps.DeleteFunc(t.links, func(path, _ string) bool { return gone(path) })
}

// directories is the tree as own layers need it: they may repeat directories only. It takes a tenth
// of the memory.
func (t *tree) directories(places map[string]Entry) *tree {
	found := &tree{outside: map[string]Entry{}, places: places, links: maps.Clone(t.links)}
	for at, entry := range t.outside {
		if entry.Kind == Directory {
			found.outside[at] = entry
		}
	}
	return found
}

// withOwnPlaces is the same tree, whose places can be changed.
func (t *tree) withOwnPlaces() *tree {
	return &tree{outside: t.outside, places: maps.Clone(t.places), links: t.links}
}

// parentsOf looks at the parents of a layer's paths: each must be a directory.
type parentsOf struct {
	tree *tree
	// others are the paths at which the layer has something else than a directory.
	others map[string]bool
	// known are directories that were looked at.
	known map[string]bool
}

func (t *tree) parentsOf(layer unpacked) parentsOf {
	p := parentsOf{tree: t, others: map[string]bool{}, known: map[string]bool{".": true}}
	for _, entry := range layer.outside {
		if entry.Kind != Directory && entry.Kind != Opaque { // That is about a directory, which stands for itself.
			p.others[entry.Path] = true
		}
	}
	return p
}

// check refuses a path that leads through anything but directories, be they of the tree or of the
// layer that the path is in. A parent that neither has is made by the runtime.
func (p parentsOf) check(at string) error {
	parent := path.Dir(at)
	if p.known[parent] {
		return nil
	}
	if err := p.check(parent); err != nil {
		return err
	}
	if was, ok := p.tree.outside[parent]; ok && was.Kind != Directory || p.others[parent] {
		return refuse("%s is no directory", parent)
	}
	p.known[parent] = true
	return nil
}

// takes refuses a place that a layer has entries in if it is not what the layer takes it for: a
// directory, or one of the free files. Neither may replace anything else.
func (t *tree) takes(name string, place *Place) error {
	want := Directory
	if isFile(name) {
		want = File
	}
	was, ok := t.places[name]
	switch {
	case ok && was.Kind != want:
		return refuse("%s is no %s in the layers below", name, want)
	case place.Own.Kind == Whiteout:
		return refuse("%s is removed", name)
	case place.Own.Kind != want:
		return refuse("%s is no %s", name, want)
	}
	return nil
}

// sorted goes through a map in the order of its keys, so that the first reason found stays the
// first.
func sorted[V any](of map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(of)) {
			if !yield(key, of[key]) {
				return
			}
		}
	}
}
