package evidence

import (
	"archive/tar"
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"dagger/eval-images/redact"
)

// Contents is what a layer has at each of its paths, as a container sees it: without times, and
// without the names of owners.
type Contents struct {
	entries map[string]content
	// whole are paths that the layer removes from those below, emptied are directories that it
	// empties of what the layers below have.
	whole, emptied map[string]bool
}

// content is what a layer has at one path.
type content struct {
	// typ is the type of a tar entry.
	typ byte
	// attributes are mode, owner and extended attributes.
	attributes string
	// to is where a link leads; for a device, its numbers.
	to string
	// data is the digest of a file's bytes.
	data [sha256.Size]byte
}

// maxContents bounds the paths of a layer. Recipes add some ten thousand.
const maxContents = 500_000

// timely are the files in which programs of recipes write the time, so that no two builds have the
// same: the logs of dpkg and apt; the cache of ldconfig, which has the times of all libraries; and
// the index of npm's cache, which has the time of each download. What was downloaded is beside it,
// by its digest, and counts.
var timely = []string{"var/log/", "var/cache/ldconfig/aux-cache", "root/.npm/_cacache/index-v5/"}

// named are the directories in which files have the time in their names: npm's logs.
var named = []string{"root/.npm/_logs/"}

// TellsTime reports whether programs of recipes write the time into the file at a path, relative to
// the root. Two builds differ there and are the same all the same.
func TellsTime(path string) bool { return hasPrefix(path, timely) }

func hasPrefix(path string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// ReadContents reads a layer as registries have it to its end, as [Inspect] does, and its files as
// well. The digest is that of the bytes read. The error is the stream's, or what is wrong with the
// layer.
func ReadContents(compressed io.Reader) (contents *Contents, digest string, err error) {
	outer := sha256.New()
	stream := &source{from: compressed}
	counted := bufio.NewReaderSize(io.TeeReader(stream, outer), 64<<10)
	contents, err = inflateContents(counted)
	_, _ = io.Copy(io.Discard, counted) // The error is kept by the stream.
	if stream.err != nil {
		return nil, "", stream.err
	}
	return contents, fmt.Sprintf("sha256:%x", outer.Sum(nil)), err
}

func inflateContents(compressed *bufio.Reader) (*Contents, error) {
	inflated, closed, err := inflater(compressed)
	if err != nil {
		return nil, errors.New(redact.Line(err.Error()))
	}
	defer closed()
	c := &contentsReader{
		Contents: Contents{entries: map[string]content{}, whole: map[string]bool{}, emptied: map[string]bool{}},
		known:    map[string]string{}, buffer: make([]byte, 32<<10), data: sha256.New(),
	}
	for archive := tar.NewReader(inflated); ; {
		header, err := archive.Next()
		if err == io.EOF {
			if err := trailing(inflated); err != nil {
				return nil, err
			}
			return &c.Contents, nil
		}
		if err == nil {
			err = c.entry(header, archive)
		}
		if err != nil {
			return nil, errors.New(redact.Line("reading the layer: " + err.Error()))
		}
	}
}

// contentsReader reads the contents of one layer.
type contentsReader struct {
	Contents
	known  map[string]string // attributes: most files have the same
	buffer []byte
	data   hash.Hash
}

// entry takes in one entry. An error says that what it means depends on who unpacks it.
func (c *contentsReader) entry(header *tar.Header, data io.Reader) error {
	clean, ok := canonical(header.Name)
	if !ok {
		return fmt.Errorf("the path %q is ambiguous", header.Name)
	}
	for key := range header.PAXRecords {
		if !knownRecord(key) {
			return fmt.Errorf("%q has the unknown extension %q", clean, key)
		}
	}
	if len(c.entries)+len(c.whole)+len(c.emptied) >= maxContents {
		return fmt.Errorf("it has more than %d entries", maxContents)
	}
	kind, at, ok := removal(clean)
	switch {
	case !ok, kind != "" && header.Typeflag != tar.TypeReg:
		return fmt.Errorf("the path %q is no whiteout that is specified", header.Name)
	case kind == Whiteout:
		c.whole[at] = true
		return nil
	case kind == Opaque:
		c.emptied[at] = true
		return nil
	case kindOf(header) == "", clean == "." && header.Typeflag != tar.TypeDir:
		return fmt.Errorf("%q is of the type %q", clean, header.Typeflag)
	}
	made, err := c.content(header, clean, data)
	if err != nil {
		return fmt.Errorf("reading %q: %w", clean, err)
	}
	c.entries[clean] = made
	return nil
}

func (c *contentsReader) content(header *tar.Header, clean string, data io.Reader) (content, error) {
	made := content{typ: header.Typeflag, attributes: attributes(header)}
	if known, ok := c.known[made.attributes]; ok {
		made.attributes = known
	}
	c.known[made.attributes] = made.attributes
	switch header.Typeflag {
	case tar.TypeReg:
		c.data.Reset()
		if _, err := io.CopyBuffer(c.data, data, c.buffer); err != nil {
			return content{}, err
		}
		if !TellsTime(clean) {
			c.data.Sum(made.data[:0])
		}
	case tar.TypeSymlink:
		made.to = header.Linkname
	case tar.TypeLink:
		made.attributes = "" // They are the file's, which is the same one.
		to, ok := canonical(header.Linkname)
		if !ok {
			return content{}, fmt.Errorf("it leads to %q", header.Linkname)
		}
		made.to = to
	case tar.TypeChar, tar.TypeBlock:
		made.to = fmt.Sprintf("%d:%d", header.Devmajor, header.Devminor)
	}
	return made, nil
}
