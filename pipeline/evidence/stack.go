package evidence

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Stack is an image.
type Stack struct {
	// Platform that the image is for, such as "linux/amd64".
	Platform string
	Config   v1.Config
	// Layers of the image, the lowest first.
	Layers []*Layer
}

// keys stand for the platform, the config without its labels, and so many of the lower layers.
func (s Stack) keys() []string {
	s.Config.Labels = nil
	data, err := json.Marshal(struct {
		Platform string
		Config   v1.Config
	}{s.Platform, s.Config})
	if err != nil {
		panic(err) // It has nothing that JSON cannot hold.
	}
	keys := []string{fmt.Sprintf("sha256:%x", sha256.Sum256(data))}
	for n, layer := range s.Layers {
		keys = append(keys, fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(keys[n]+" "+layer.DiffID))))
	}
	return keys
}

// readable refuses an image with a layer that cannot be read: nobody knows what is below the next
// one.
func (s Stack) readable() error {
	for n, layer := range s.Layers {
		if layer.Refused != "" {
			return refuse("layer %d: %s", n+1, layer.Refused)
		}
	}
	return nil
}

// Shared are the lower layers of an image: those that are left when its own layers, which are
// certain to have nothing to do with a recipe, are taken off from the top.
type Shared struct {
	// Key is the same for images whose shared layers, platform and config are the same. One recipe
	// run serves all of them.
	Key string
	// Layers is how many layers are shared; all others are the image's own.
	Layers int
	// Why says what keeps the uppermost shared layer from being the image's own. Nil: there is
	// none.
	Why error
}

// usual refuses a config that has commands run by another shell than the recipe is written for, or
// that has a shell run a file first.
func usual(config v1.Config) error {
	if len(config.Shell) > 0 {
		return refuse("the image has a SHELL")
	}
	for _, name := range []string{"SHELL", "BASH_ENV", "ENV"} {
		if slices.ContainsFunc(config.Env, func(variable string) bool { return strings.HasPrefix(variable, name+"=") }) {
			return refuse("the image sets %s", name)
		}
	}
	return nil
}

// certain returns nil if a layer has entries in the free places only, and changes nothing else of
// what is below it.
func certain(layer *Layer, below *tree, taken map[string]string) error {
	for entry := range layer.outside.all() {
		was, ok := below.outside[entry.Path]
		switch {
		case entry.Kind != Directory:
			return refuse("%s is outside the free places", entry.Path)
		case !ok:
			return refuse("the directory %s is new", entry.Path)
		case was.Kind != Directory:
			return refuse("%s becomes a directory", entry.Path)
		case was.Attributes != entry.Attributes:
			return refuse("the directory %s changes its mode or owner", entry.Path)
		}
	}
	for name, place := range sorted(layer.Places) {
		if by, ok := taken[name]; ok {
			return refuse("%s is not free: %s", name, by)
		}
		if err := place.confined(); err != nil {
			return err
		}
		if err := below.takes(name, place); err != nil {
			return err
		}
		if _, there := below.places[name]; name == gitConfig && (there || place.Git) {
			return refuse("%s may have more than who commits", name)
		}
	}
	return nil
}

// sound returns nil if the paths of a shared layer are what they seem: none leads through a link.
func sound(layer unpacked, below *tree) error {
	parents := below.parentsOf(layer)
	for _, entry := range layer.outside {
		if err := parents.check(entry.Path); err != nil {
			return err
		}
	}
	for _, place := range sorted(layer.Places) {
		if place.Orphan != "" {
			return refuse("%s", place.Orphan)
		}
	}
	return nil
}
