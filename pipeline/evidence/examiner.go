package evidence

import (
	"fmt"
	"maps"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Examiner examines images for one recipe. It remembers what images have in common, so that each
// costs the time for its own layers. Many goroutines may use one.
type Examiner struct {
	recipe Recipe
	// building is held by who has the tree of a whole image in memory.
	building sync.Mutex
	bases    *lru.Cache[string, *base]
}

// maxBases bounds what is remembered. The directories of a system take about a megabyte.
const maxBases = 32

// base is the lower layers that some image shares.
type base struct {
	shared Shared
	tree   *tree // of their directories
}

// split is an image whose own layers are told from those that it shares.
type split struct {
	shared Shared
	own    own
	places map[string]Entry // of all layers
}

// NewExaminer examines images for a recipe.
func NewExaminer(recipe Recipe) *Examiner {
	bases, err := lru.New[string, *base](maxBases)
	if err != nil {
		panic(err) // Only a size below one is an error.
	}
	return &Examiner{recipe: recipe, bases: bases}
}

// Shared splits the layers of an image. An error is a [Refusal]: nothing is certain.
func (e *Examiner) Shared(image Stack) (Shared, error) {
	found, err := e.split(image)
	return found.shared, err
}

func (e *Examiner) split(image Stack) (split, error) {
	if err := examinable(image); err != nil {
		return split{}, err
	}
	keys := image.keys()
	if found, ok := e.known(image, keys); ok {
		return found, nil
	}
	e.building.Lock()
	defer e.building.Unlock()
	if found, ok := e.known(image, keys); ok { // Another image was built meanwhile.
		return found, nil
	}
	found, _, err := e.build(image, keys)
	return found, err
}

// examinable refuses an image of which nothing is certain at first sight.
func examinable(image Stack) error {
	if err := usual(image.Config); err != nil {
		return err
	}
	return image.readable()
}

// known splits an image that stands on the same layers as an earlier one.
func (e *Examiner) known(image Stack, keys []string) (found split, ok bool) {
	for n := len(image.Layers); n >= 0; n-- {
		base, ok := e.bases.Get(keys[n])
		if !ok {
			continue
		}
		below := base.tree.withOwnPlaces()
		for i := n; i < len(image.Layers); i++ {
			if e.certain(image, i, below) != nil {
				return split{}, false
			}
			below.applyPlaces(image.Layers[i])
		}
		return split{base.shared, ownOf(image.Layers[n:]), below.places}, true
	}
	return split{}, false
}

// build splits an image from its lowest layer up, and remembers what is shared. It also returns the
// tree of all layers. The caller holds the lock.
func (e *Examiner) build(image Stack, keys []string) (split, *tree, error) {
	shared, all, places := Shared{}, newTree(), map[string]Entry{}
	for i := range image.Layers {
		layer := image.Layers[i].unpack()
		err := e.certain(image, i, all)
		if err != nil {
			shared.Layers, shared.Why = i+1, fmt.Errorf("layer %d: %w", i+1, err)
			if err := sound(layer, all); err != nil {
				return split{}, nil, refuse("layer %d: %s", i+1, err)
			}
		}
		all.apply(layer)
		if err != nil {
			places = maps.Clone(all.places)
		}
	}
	shared.Key = keys[shared.Layers]
	e.bases.Add(shared.Key, &base{shared, all.directories(places)})
	return split{shared, ownOf(image.Layers[shared.Layers:]), maps.Clone(all.places)}, all, nil
}

// certain returns nil if the layer with this index is the image's own.
func (e *Examiner) certain(image Stack, n int, below *tree) error {
	layer := image.Layers[n]
	return certain(layer, below, e.recipe.taken(image.Config, below, image.Layers[:n+1]))
}

// own are the paths that images' own layers have.
type own struct {
	places map[string]bool
	paths  []string // the places, and the directories outside that are repeated
}

func ownOf(layers []*Layer) own {
	found := own{places: map[string]bool{}}
	for _, layer := range layers {
		for name := range sorted(layer.Places) {
			found.places[name] = true
			found.paths = append(found.paths, name)
		}
		for entry := range layer.outside.all() {
			found.paths = append(found.paths, entry.Path)
		}
	}
	return found
}

// and are the paths of both.
func (o own) and(other own) own {
	both := own{places: maps.Clone(o.places), paths: append(append([]string(nil), o.paths...), other.paths...)}
	maps.Copy(both.places, other.places)
	return both
}
