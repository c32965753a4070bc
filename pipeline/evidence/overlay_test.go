package evidence

import (
	"archive/tar"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// overlay is a small model of a file system that layers are unpacked into, as containerd does, and
// that commands run in. It is the oracle: it knows nothing of the rule.
// https://github.com/containerd/containerd/blob/v1.7.27/archive/tar.go
type overlay struct{ nodes map[string]*node }

// node is a file, a directory or a link. Hard links share one.
type node struct {
	typ  byte
	mode int64
	uid  int
	text string // of a file; where a link leads
	// implied says that no layer has it: the runtime made it for what is below.
	implied bool
}

func newOverlay() *overlay {
	return &overlay{nodes: map[string]*node{".": {typ: tar.TypeDir, mode: 0o755, implied: true}}}
}

// resolve follows the links among the parents of a path, and the path's own if last. Not ok: they
// go round, or through a file.
func (o *overlay) resolve(at string, last bool) (string, bool) {
	return o.follow(at, last, 0)
}

func (o *overlay) follow(at string, last bool, depth int) (string, bool) {
	if depth > 40 {
		return "", false
	}
	here := "."
	parts := strings.Split(strings.Trim(at, "/"), "/")
	for i, part := range parts {
		switch part {
		case "", ".":
			continue
		case "..":
			here = path.Dir(here)
			continue
		}
		next := path.Join(here, part)
		n := o.nodes[next]
		final := i == len(parts)-1
		if n != nil && n.typ == tar.TypeSymlink && (!final || last) {
			to := n.text
			if !path.IsAbs(to) {
				to = here + "/" + to
			}
			rest := strings.Join(parts[i+1:], "/")
			return o.follow(to+"/"+rest, last, depth+1)
		}
		if n != nil && n.typ != tar.TypeDir && !final {
			return "", false
		}
		here = next
	}
	return here, true
}

// makeParents makes the missing directories above a resolved path, as mkdir -p does.
func (o *overlay) makeParents(at string) {
	for _, parent := range parents(at) {
		if o.nodes[parent] == nil {
			o.nodes[parent] = &node{typ: tar.TypeDir, mode: 0o755, implied: true}
		}
	}
}

// removeAll removes a path and what is below it.
func (o *overlay) removeAll(at string) {
	if at != "." {
		maps.DeleteFunc(o.nodes, func(p string, _ *node) bool { return within(p, at) })
	}
}

// unpack puts a layer on top. An error says that a runtime would fail.
func (o *overlay) unpack(items []item) error {
	unpacked := map[string]bool{}
	for _, i := range items {
		parent, ok := o.resolve(path.Dir(path.Clean("/"+i.name)), true)
		if !ok {
			return fmt.Errorf("%s: no directory", i.name)
		}
		o.makeParents(path.Join(parent, "x"))
		base := path.Base(path.Clean("/" + i.name))
		at := path.Join(parent, base)
		if base == "/" {
			at = "."
		}
		if base == opaqueName {
			maps.DeleteFunc(o.nodes, func(p string, _ *node) bool { return p != parent && within(p, parent) && !unpacked[p] })
			continue
		}
		if removed, ok := strings.CutPrefix(base, whiteoutPrefix); ok {
			o.removeAll(path.Join(parent, removed))
			continue
		}
		if err := o.unpackOne(i, at); err != nil {
			return err
		}
		unpacked[at] = true
		for _, above := range parents(at) {
			unpacked[above] = true
		}
	}
	return nil
}

func (o *overlay) unpackOne(i item, at string) error {
	made := &node{typ: i.typ, mode: i.mode, uid: i.uid, text: i.text}
	switch {
	case i.typ == tar.TypeSymlink:
		made.text = i.link
	case i.typ == tar.TypeLink:
		to, ok := o.resolve(i.link, false)
		if !ok || o.nodes[to] == nil {
			return fmt.Errorf("%s: nothing to link to", i.name)
		}
		made = o.nodes[to]
	case strings.HasSuffix(i.name, "/"):
		made.typ = tar.TypeDir
	default:
		made.typ = tar.TypeReg
	}
	if was := o.nodes[at]; was != nil && was.typ == tar.TypeDir && made.typ == tar.TypeDir {
		*was = *made
		return nil
	}
	o.removeAll(at)
	o.nodes[at] = made
	return nil
}

// copy is the same tree again; hard links stay together.
func (o *overlay) copy() *overlay {
	twins := map[*node]*node{}
	all := newOverlay()
	for p, n := range o.nodes {
		if twins[n] == nil {
			twin := *n
			twins[n] = &twin
		}
		all.nodes[p] = twins[n]
	}
	return all
}

// list is the tree as lines, to compare.
func (o *overlay) list() []string {
	var lines []string
	for _, p := range slices.Sorted(maps.Keys(o.nodes)) {
		lines = append(lines, p+" "+o.nodes[p].line())
	}
	return lines
}

func (n *node) line() string { return fmt.Sprintf("%c %o %d %q", n.typ, n.mode, n.uid, n.text) }

// difference is the layer that makes one tree out of another, as BuildKit writes it: with the
// parents of what changed, and whiteouts first.
func difference(before, after *overlay) []item {
	changed := map[string]bool{}
	note := func(p string) {
		changed[p] = true
		for _, parent := range parents(p) {
			changed[parent] = true
		}
	}
	var gone []item
	for _, p := range slices.Sorted(maps.Keys(before.nodes)) {
		if after.nodes[p] != nil || len(gone) > 0 && slices.ContainsFunc(parents(p), func(up string) bool { return after.nodes[up] == nil }) {
			continue
		}
		if up := path.Dir(p); after.nodes[up] != nil && after.nodes[up].typ == tar.TypeDir {
			for _, parent := range parents(p) {
				changed[parent] = true
			}
			gone = append(gone, file(path.Join(path.Dir(p), whiteoutPrefix+path.Base(p)), ""))
		}
	}
	for p, n := range after.nodes {
		if was := before.nodes[p]; was == nil || was.line() != n.line() {
			note(p)
		}
	}
	var items []item
	for _, p := range slices.Sorted(maps.Keys(changed)) {
		n := after.nodes[p]
		i := item{name: p, typ: n.typ, mode: n.mode, uid: n.uid}
		switch n.typ {
		case tar.TypeDir:
			i.name, i.typ = p+"/", 0
		case tar.TypeSymlink:
			i.link = n.text
		default:
			i.typ, i.text = 0, n.text
		}
		items = append(items, i)
	}
	// A whiteout stands in its directory.
	for _, w := range gone {
		at := slices.IndexFunc(items, func(i item) bool { return strings.TrimSuffix(i.name, "/") == path.Dir(w.name) })
		items = slices.Insert(items, at+1, w)
	}
	return items
}
