package evidence

import (
	"archive/tar"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Kind is what an entry of a layer does at its path.
type Kind string

// The kinds of entries. A layer with any other is refused.
const (
	Directory Kind = "dir"
	File      Kind = "file"
	Symlink   Kind = "link"
	Device    Kind = "device"   // or a pipe
	Whiteout  Kind = "whiteout" // removes the path of the layers below
	Opaque    Kind = "opaque"   // removes what layers below have in the directory at the path
)

// Entry is what a layer has at a path outside the free places.
type Entry struct {
	// Path is relative to the root, without "." and "..". The root itself is ".".
	Path string `json:"path"`
	Kind Kind   `json:"kind"`
	// Attributes of a directory: mode, owner and extended attributes. Times are not among them.
	Attributes string `json:"attributes,omitempty"`
	// Into is the free place that a symbolic link leads into; empty if it leads into none, and
	// [anywhere] if its text does not tell.
	Into string `json:"into,omitempty"`
}

// attributes of a directory as one comparable text.
func attributes(header *tar.Header) string {
	parts := []string{strconv.FormatInt(header.Mode&0o7777, 8), strconv.Itoa(header.Uid), strconv.Itoa(header.Gid)}
	for _, key := range slices.Sorted(maps.Keys(header.PAXRecords)) {
		if strings.HasPrefix(key, paxXattr) {
			parts = append(parts, strconv.Quote(key[len(paxXattr):])+"="+strconv.Quote(header.PAXRecords[key]))
		}
	}
	return strings.Join(parts, " ")
}

// paxXattr begins the records of extended attributes, as GNU tar, Docker and containerd write them.
const paxXattr = "SCHILY.xattr."

// knownRecord says whether a PAX record changes only what is read here, or only times and the names
// of owners, which runtimes do not use.
// https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_03
func knownRecord(key string) bool {
	switch key {
	case "path", "linkpath", "size", "uid", "gid", "uname", "gname", "mtime", "atime", "ctime":
		return true
	}
	return strings.HasPrefix(key, paxXattr) || strings.HasPrefix(key, "LIBARCHIVE.creationtime")
}
