package evidence

import (
	"regexp"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Recipe is what runs on an image, as far as it tells what it uses.
type Recipe struct {
	// Names are the absolute paths that the recipe names. No place is free that one of them is in,
	// or that is in one of them.
	Names []string
}

// absolute finds what may be an absolute path. It also finds parts of URLs, which cost nothing.
var absolute = regexp.MustCompile(`/[A-Za-z0-9._+@-][A-Za-z0-9._+@/-]*`)

// RecipeOf reads the paths that a Dockerfile names outside its comments.
func RecipeOf(dockerfile string) (recipe Recipe) {
	for _, line := range strings.Split(dockerfile, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			recipe.Names = append(recipe.Names, absolute.FindAllString(line, -1)...)
		}
	}
	return recipe
}

// taken are the places that are not free, with what takes them: a path of the recipe, a variable of
// the config, or a link from elsewhere, perhaps by way of other places that are not free.
func (r Recipe) taken(config v1.Config, below *tree, layers []*Layer) map[string]string {
	taken := map[string]string{}
	places := map[string]bool{}
	for _, layer := range layers {
		for name := range layer.Places {
			places[name] = true
		}
	}
	take := func(into, by string) {
		for name := range places {
			if _, known := taken[name]; !known && (into == name || into == anywhere) {
				taken[name] = by
			}
		}
	}
	for _, path := range r.Names {
		clean, ok := canonical(path)
		for name := range places {
			if !ok || within(clean, name) || within(name, clean) {
				take(name, "the recipe names "+path)
			}
		}
	}
	for name := range places {
		for _, variable := range config.Env {
			if leadsInto(variable, name) {
				key, _, _ := strings.Cut(variable, "=")
				take(name, key+" leads into it")
			}
		}
	}
	for link, into := range sorted(below.links) {
		take(into, "the link "+link+" leads into it")
	}
	follow(layers, taken, take)
	return taken
}

// follow takes the places that links in taken places lead into, and so on.
func follow(layers []*Layer, taken map[string]string, take func(into, by string)) {
	for before := -1; before != len(taken); {
		before = len(taken)
		for _, layer := range layers {
			for name, place := range sorted(layer.Places) {
				if _, ok := taken[name]; !ok {
					continue
				}
				for _, into := range place.Into {
					take(into, "a link in "+name+" leads into it")
				}
			}
		}
	}
}

// leadsInto says whether a variable has a path in a place, as PATH has.
func leadsInto(variable, place string) bool {
	_, value, _ := strings.Cut(variable, "=")
	for _, part := range strings.FieldsFunc(value, func(c rune) bool { return strings.ContainsRune(":;,= \t\n\"'", c) }) {
		if !strings.HasPrefix(part, "/") {
			continue
		}
		if clean, ok := canonical(part); !ok || within(clean, place) {
			return true
		}
	}
	return false
}
