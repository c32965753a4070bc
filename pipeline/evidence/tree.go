package evidence

import (
	"iter"
	"maps"
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

// apply puts a layer on top. Whiteouts concern the layers below only.
func (t *tree) apply(layer *Layer) {
	t.remove(layer)
	for _, entry := range layer.Outside {
		if entry.Kind == Whiteout || entry.Kind == Opaque {
			continue
		}
		t.outside[entry.Path] = entry
		delete(t.links, entry.Path)
		if entry.Into != "" {
			t.links[entry.Path] = entry.Into
		}
	}
	for name, place := range layer.Places {
		if place.Own != nil && place.Own.Kind != Whiteout {
			t.places[name] = *place.Own
		}
	}
}

// remove removes what the layer has whiteouts for, and what is below a path at which the layer has
// no directory any more.
func (t *tree) remove(layer *Layer) {
	whole, contents := map[string]bool{}, map[string]bool{}
	for _, entry := range layer.Outside {
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
		if place.Own != nil && place.Own.Kind == Whiteout {
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

// reaches refuses a path that leads through anything but directories, be they of the tree or of the
// layer that the path is in. A parent that neither has is made by the runtime.
func (t *tree) reaches(at string, made map[string]Kind) error {
	for _, parent := range parents(at) {
		was, ok := t.outside[parent]
		now, also := made[parent]
		if ok && was.Kind != Directory || also && now != Directory {
			return refuse("%s is no directory", parent)
		}
	}
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
	case place.Own != nil && place.Own.Kind == Whiteout:
		return refuse("%s is removed", name)
	case place.Own != nil && place.Own.Kind != want:
		return refuse("%s is no %s", name, want)
	case !ok && place.Own == nil:
		return refuse("%s is not there", name)
	case want == File && place.Below:
		return refuse("%s is no file", name)
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
