package evidence

import (
	"archive/tar"
	"maps"
	"slices"
	"strings"
)

// Added is what several layers change of the layers below them. The zero value changes nothing.
type Added struct {
	nodes map[string]change
}

// change is what layers make of one path. If nothing is said of its attributes, those of the layers
// below stay.
type change struct {
	content
	// removed says that the path is no more. A directory that hides is not removed, but what the
	// layers below have in it is.
	removed, hides bool
}

// directory reports whether the path is, or stays, a directory.
func (c change) directory() bool { return !c.removed && (c.typ == tar.TypeDir || c.typ == 0) }

// Put puts a layer on top. Its whiteouts concern the layers below it only. An error says that
// runtimes may unpack the layer in different ways.
func (a *Added) Put(layer *Contents) error {
	if a.nodes == nil {
		a.nodes = map[string]change{}
	}
	a.remove(layer)
	for path := range layer.whole {
		a.nodes[path] = change{removed: true}
	}
	for path := range layer.emptied {
		emptied := a.nodes[path]
		emptied.hides = true
		a.nodes[path] = emptied
	}
	for path, made := range sorted(layer.entries) { // Parents come first.
		if err := a.under(path); err != nil {
			return err
		}
		was, known := a.nodes[path]
		hides := made.typ == tar.TypeDir && known && (was.hides || !was.directory())
		a.nodes[path] = change{content: made, hides: hides}
	}
	return nil
}

// remove removes what is below the paths that the layer removes, empties or replaces, as far as it is
// known.
func (a *Added) remove(layer *Contents) {
	whole := maps.Clone(layer.whole)
	for path, made := range layer.entries {
		if was, known := a.nodes[path]; made.typ != tar.TypeDir && (!known || was.directory()) {
			whole[path] = true
		}
	}
	maps.DeleteFunc(a.nodes, func(path string, _ change) bool {
		return path != "." && layer.emptied["."] || slices.ContainsFunc(parents(path), func(parent string) bool {
			return whole[parent] || layer.emptied[parent]
		})
	})
}

// under makes the parents of a path directories again that were removed. What is no directory stays
// so: then nothing can be below it.
func (a *Added) under(path string) error {
	for _, parent := range parents(path) {
		above, known := a.nodes[parent]
		switch {
		case known && above.removed:
			a.nodes[parent] = change{hides: true}
		case known && !above.directory():
			return refuse("%q is no directory, and something is below it", parent)
		}
	}
	return nil
}

// Differences compares what the recipe's layers, which images share, change of an image with what
// the recipe itself changes of it. It returns the first differences by their paths, as many as
// wanted, and how many there are in all.
//
// Both stand on the same layers, in which no path that they have leads through a link: [Recipe.Judge]
// refuses those.
func Differences(shared, built *Added, wanted int) (first []string, all int) {
	paths := map[string]bool{}
	for path := range shared.nodes {
		paths[path] = true
	}
	for path := range built.nodes {
		paths[path] = true
	}
	for path := range sorted(paths) {
		if hasPrefix(path, named) {
			continue
		}
		if difference := differ(shared.nodes, built.nodes, path); difference != "" {
			if all++; all <= wanted {
				first = append(first, path+" "+difference)
			}
		}
	}
	return first, all
}

// differ tells in what two changes of a path differ. Empty: they do not.
func differ(shared, built map[string]change, path string) string {
	a, inShared := shared[path]
	b, inBuilt := built[path]
	switch {
	case a == b && inShared == inBuilt:
		return ""
	case !inShared:
		return "is changed by the recipe only"
	case !inBuilt:
		return "is changed by the shared layers only"
	case a.removed != b.removed, a.typ != b.typ:
		return "is of another kind"
	case a.attributes != b.attributes:
		return "has another mode or owner: " + strings.Join([]string{a.attributes, b.attributes}, ", then ")
	case a.to != b.to:
		return "leads elsewhere"
	case a.data != b.data:
		return "has another content"
	}
	return "hides other files"
}
