package evidence

import (
	"path"
	"strings"
)

// Whiteouts, by their names.
// https://github.com/opencontainers/image-spec/blob/v1.1.0/layer.md#whiteouts
const (
	whiteoutPrefix = ".wh."
	opaqueName     = ".wh..wh..opq"
)

// canonical is the path of an entry, relative to the root. It is not ok if the path could mean
// something else to another program.
func canonical(name string) (clean string, ok bool) {
	if name == "" || strings.ContainsRune(name, 0) {
		return "", false
	}
	for _, part := range strings.Split(name, "/") {
		if part == ".." {
			return "", false
		}
	}
	clean = path.Clean("/" + name)[1:]
	if clean == "" {
		clean = "."
	}
	return clean, true
}

// removal splits the path of a whiteout into what it does and what to. It is not ok if the path has
// a whiteout's mark where none may be.
func removal(clean string) (kind Kind, at string, ok bool) {
	dir, base := path.Dir(clean), path.Base(clean)
	if strings.HasPrefix(dir, whiteoutPrefix) || strings.Contains(dir, "/"+whiteoutPrefix) {
		return "", "", false
	}
	switch removed := strings.TrimPrefix(base, whiteoutPrefix); {
	case base == opaqueName:
		return Opaque, dir, true
	case removed == base:
		return "", clean, true
	case removed == "" || removed == "." || removed == ".." || strings.HasPrefix(removed, whiteoutPrefix):
		return "", "", false
	default:
		return Whiteout, path.Join(dir, removed), true
	}
}

// within says whether a path is a directory's, or the directory itself.
func within(at, dir string) bool {
	return dir == "." || at == dir || strings.HasPrefix(at, dir+"/")
}

// parents of a path, the lowest last, without the root.
func parents(at string) (all []string) {
	for i := 0; i < len(at); i++ {
		if at[i] == '/' {
			all = append(all, at[:i])
		}
	}
	return all
}

// anywhere is where a link leads whose text does not tell: what "..", after another part, means
// depends on whether that part is a link.
const anywhere = "*"

// linkTo is the free place that a symbolic link at a path leads into. Empty: none.
func linkTo(at, link string) string {
	down := false
	for _, part := range strings.Split(link, "/") {
		switch part {
		case "", ".":
		case "..":
			if down {
				return anywhere
			}
		default:
			down = true
		}
	}
	if !path.IsAbs(link) {
		link = path.Join("/", path.Dir(at), link)
	}
	return place(path.Clean(link)[1:]) // The root is no way into a place that was not there before.
}
