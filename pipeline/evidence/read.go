package evidence

import (
	"archive/tar"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"path"
	"slices"
	"strings"

	"dagger/eval-images/redact"
)

// Read reads the entries of an inflated layer to its end. The error is the stream's own; whatever
// the archive itself has wrong is in [Layer.Refused].
func Read(inflated io.Reader) (*Layer, error) {
	source := &source{from: inflated}
	r := &reader{layer: new(Layer), seed: maphash.MakeSeed(), kinds: map[uint64]byte{}}
	archive := tar.NewReader(source)
	r.content = archive
	for r.layer.Refused == "" {
		header, err := archive.Next()
		if err == io.EOF {
			r.refuse(trailing(source))
			break
		}
		if err != nil {
			r.refuse(fmt.Errorf("the layer is no tar archive: %w", err))
			break
		}
		r.refuse(r.entry(header))
	}
	_, _ = io.Copy(io.Discard, source) // Its digest is that of all of it.
	r.layer.outside = r.packer.packed()
	return r.layer, source.err
}

// source remembers the error of a stream, apart from what the archive makes of its end.
type source struct {
	from io.Reader
	err  error
}

// Read reads from the stream.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// trailing is an error if anything but zeros follows the end of an archive: another program may
// read on.
func trailing(rest io.Reader) error {
	buffer := make([]byte, 32<<10)
	for {
		n, err := rest.Read(buffer)
		for _, b := range buffer[:n] {
			if b != 0 {
				return errors.New("the archive goes on after its end")
			}
		}
		if err != nil {
			return nil // Either the end, or the stream's error, which source has.
		}
	}
}

// reader reads one layer.
type reader struct {
	// content is that of the entry under way.
	content io.Reader
	layer   *Layer
	packer  packer // of the entries outside the free places
	// kinds are those of the paths read so far, by the hashes of the paths: a layer may have
	// hundreds of thousands. The seed is random, so nobody can make two paths collide.
	seed  maphash.Seed
	kinds map[uint64]byte
}

func (r *reader) refuse(err error) {
	if err != nil {
		r.layer.Refused = redact.Line(err.Error())
	}
}

// kinds by the bytes that stand for them. Zero: there is nothing at a path.
var kinds = [...]Kind{"", Directory, File, Symlink, Device, Whiteout, Opaque}

func (r *reader) kind(at string) Kind { return kinds[r.kinds[maphash.String(r.seed, at)]] }

func (r *reader) note(at string, kind Kind) {
	r.kinds[maphash.String(r.seed, at)] = byte(slices.Index(kinds[:], kind))
}

// entry takes in one entry. An error refuses the layer.
func (r *reader) entry(header *tar.Header) error {
	clean, ok := canonical(header.Name)
	if !ok {
		return fmt.Errorf("the path %q is ambiguous", header.Name)
	}
	kind, at, ok := removal(clean)
	if !ok {
		return fmt.Errorf("the path %q is no whiteout that is specified", header.Name)
	}
	if kind != "" && header.Typeflag != tar.TypeReg {
		return fmt.Errorf("the whiteout %q is no file", clean)
	}
	if kind == "" {
		if kind = kindOf(header); kind == "" {
			return fmt.Errorf("%q is of the type %q", clean, header.Typeflag)
		}
		if at == "." && kind != Directory {
			return errors.New("the root is no directory")
		}
	}
	if kind != Directory && strings.HasSuffix(header.Name, "/") {
		return fmt.Errorf("the path %q is ambiguous", header.Name)
	}
	if err := r.once(kind, at, clean); err != nil {
		return err
	}
	return r.sort(header, kind, at, clean)
}

// once remembers a path, and refuses it if the layer had it before, or also removes it: what
// remains then depends on who unpacks.
func (r *reader) once(kind Kind, at, clean string) error {
	if r.kind(clean) != "" {
		return fmt.Errorf("%q occurs twice", clean)
	}
	if kind == Whiteout && r.kind(at) != "" {
		return fmt.Errorf("%q is made and removed", at)
	}
	for _, whole := range append(parents(clean), clean) {
		if kind != Whiteout && r.kind(path.Join(path.Dir(whole), whiteoutPrefix+path.Base(whole))) != "" {
			return fmt.Errorf("%q is removed and made", whole)
		}
	}
	r.note(clean, kind)
	return nil
}

// kindOf is what an entry makes; empty for what a layer of an official image has no need of.
func kindOf(header *tar.Header) Kind {
	switch header.Typeflag {
	case tar.TypeDir:
		return Directory
	case tar.TypeReg, tar.TypeLink:
		return File
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		if header.Devmajor != 0 || header.Devminor != 0 || header.Typeflag != tar.TypeChar { // That is a whiteout of overlayfs.
			return Device
		}
	case tar.TypeSymlink:
		return Symlink
	}
	return ""
}

// sort puts an entry with what is in a free place or with what is outside.
func (r *reader) sort(header *tar.Header, kind Kind, at, clean string) error {
	in := place(at)
	if in == "" {
		return r.outside(header, kind, at)
	}
	p := r.layer.at(in)
	if p == nil {
		return fmt.Errorf("more than %d directories that are none of the system's", maxPlaces)
	}
	r.checkParents(p, clean)
	r.checkLink(p, in, header)
	if kind == Device {
		first(&p.Stray, fmt.Sprintf("%q is a device or a pipe", clean))
	}
	if at != in || kind == Opaque {
		p.Below = true
		return nil
	}
	p.Own = &Entry{Path: at, Kind: kind}
	p.Git = at == gitConfig && (!isPlain(header) || !tellsWhoCommits(r.content))
	if kind == Directory {
		p.Own.Attributes = attributes(header)
	}
	return nil
}

// isPlain reports whether an entry is a file with what the archive has for it: extended attributes
// may have a runtime take its contents from elsewhere.
func isPlain(header *tar.Header) bool {
	for key := range header.PAXRecords {
		if !knownRecord(key) || strings.HasPrefix(key, "SCHILY.xattr.") {
			return false
		}
	}
	return header.Typeflag == tar.TypeReg
}

// checkParents wants all parents of an entry in a free place to be directories of the same layer:
// then no link of a lower layer can lead the entry elsewhere.
func (r *reader) checkParents(p *Place, clean string) {
	for _, parent := range parents(clean) {
		if r.kind(parent) != Directory {
			first(&p.Orphan, fmt.Sprintf("the layer has %q and no directory %q before it", clean, parent))
		}
	}
}

// checkLink wants a hard link to lead to a file of the same layer in a free place, and notes the
// other places that links lead into.
func (r *reader) checkLink(p *Place, in string, header *tar.Header) {
	var into string
	switch header.Typeflag {
	case tar.TypeSymlink:
		clean, _ := canonical(header.Name)
		into = linkTo(clean, header.Linkname)
	case tar.TypeLink:
		to, _ := canonical(header.Linkname) // Nothing is at an ambiguous path.
		if into = place(to); r.kind(to) != File || into == "" {
			first(&p.Stray, fmt.Sprintf("the hard link %q leads out of its layer or out of the free places", path.Clean(header.Name)))
		}
	}
	if into != in {
		p.leads(into)
	}
}

// outside takes in an entry that is in no free place. What it may not have there refuses the layer,
// whether it is the image's own, a lower or an added one.
func (r *reader) outside(header *tar.Header, kind Kind, at string) error {
	for key := range header.PAXRecords {
		if !knownRecord(key) {
			return fmt.Errorf("%q has the unknown extension %q", at, key)
		}
	}
	entry := Entry{Path: at, Kind: kind}
	switch kind {
	case Directory:
		entry.Attributes = attributes(header)
	case Symlink:
		entry.Into = linkTo(at, header.Linkname)
	case File:
		to, _ := canonical(header.Linkname)
		if header.Typeflag == tar.TypeLink && r.kind(to) != File {
			return fmt.Errorf("the hard link %q leads out of its layer", at)
		}
	}
	r.packer.add(entry)
	return nil
}
