package official

import (
	"archive/tar"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Flaw is something in the layer of an image's repository that keeps the image from having other
// images' layers.
type Flaw struct {
	// Name says what it is.
	Name string
	// Reason is a part of why the rule keeps the layer apart.
	Reason string
	// Unreadable layers cannot be unpacked: no base image can be made.
	Unreadable bool
	// entries are further ones of the layer, of directories first.
	entries []entry
	// instead are all entries of the layer.
	instead []entry
	damage  func(stored []byte) []byte
}

// Flaws are those that a run must find.
var Flaws = []Flaw{
	{Name: "packages are installed in the instance's layer", Reason: "usr/bin/dvipng", entries: []entry{
		directory("usr/", 0o755), directory("usr/bin/", 0o755), file("usr/bin/dvipng", 0o755, python),
		directory("var/", 0o755), directory("var/lib/", 0o755), directory("var/lib/dpkg/", 0o755), directory("var/lib/dpkg/info/", 0o755),
		file("var/lib/dpkg/info/dvipng.list", 0o644, "/usr/bin/dvipng\n"),
	}},
	{Name: "a file in /usr/local/bin", Reason: "usr/local/bin/apt", entries: []entry{
		directory("usr/", 0o755), directory("usr/local/", 0o755), directory("usr/local/bin/", 0o755), file("usr/local/bin/apt", 0o755, python),
	}},
	{Name: "/etc changes its mode", Reason: "directory etc ", entries: []entry{directory("etc/", 0o775)}},
	{Name: "a device in /testbed", Reason: "testbed/full", entries: []entry{
		{header: tar.Header{Typeflag: tar.TypeChar, Name: "testbed/full", Mode: 0o666, Devmajor: 1, Devminor: 7}},
	}},
	{Name: "/testbed is a link to /usr", Reason: "testbed is", instead: []entry{symlink("testbed", "/usr")}},
	{Name: "the layer ends early", Reason: "unexpected EOF", Unreadable: true, damage: func(stored []byte) []byte { return stored[:len(stored)/2] }},
	{Name: "the layer is no archive", Reason: "no tar archive", Unreadable: true, damage: func([]byte) []byte { return []byte("Not Found\n") }},
}

// Flawed is the official image of an instance with a flaw.
func (s *Set) Flawed(instance int, flaw Flaw) (v1.Image, error) {
	steps := s.steps(instance)
	for i := range steps {
		if !steps[i].repository {
			continue
		}
		if flaw.instead != nil {
			steps[i].entries = flaw.instead
		}
		steps[i].entries = append(steps[i].entries, flaw.entries...)
		steps[i].damage = flaw.damage
	}
	return s.compose(steps)
}
