package dataset

import (
	"fmt"
	"regexp"
	"strings"
)

// DefaultArch is the architecture in the official images' names.
const DefaultArch = "x86_64"

// placeholders are the valid ones, as errors list them.
const placeholders = "{instance_id}, {repo}, {name}, {arch}"

var bracePattern = regexp.MustCompile(`\{[^{}]*\}|[{}]`)

// Template is an image reference with placeholders, such as
// `registry.example/mirror/{repo}_{name}:latest`. It replaces a family's own rule
// as a whole, and what it yields is not lower-cased.
type Template string

// Check returns an error if the template has a placeholder other than
// `{instance_id}`, `{repo}`, `{name}` and `{arch}`, or a brace of its own.
func (t Template) Check() error {
	for _, found := range bracePattern.FindAllString(string(t), -1) {
		switch found {
		case "{instance_id}", "{repo}", "{name}", "{arch}":
		default:
			return fmt.Errorf("image template %s has an unknown placeholder %s: valid are %s",
				Quote(string(t)), Quote(found), placeholders)
		}
	}
	return nil
}

// Expand returns the template with an instance's values in place of the
// placeholders. `{repo}` and `{name}` are the id's parts before and after `__`;
// an id without exactly two parts is an error only if one of them is used.
func (t Template) Expand(id, arch string) (string, error) {
	if err := t.Check(); err != nil {
		return "", err
	}
	pairs := []string{"{instance_id}", id, "{arch}", arch}
	if strings.Contains(string(t), "{repo}") || strings.Contains(string(t), "{name}") {
		repo, name, err := splitID(id)
		if err != nil {
			return "", err
		}
		pairs = append(pairs, "{repo}", repo, "{name}", name)
	}
	return strings.NewReplacer(pairs...).Replace(string(t)), nil
}

// splitID returns the two parts of an id around `__`.
func splitID(id string) (repo, name string, err error) {
	parts := strings.Split(id, "__")
	if len(parts) != 2 || parts[0] == "" || parts[1] == "" {
		return "", "", fmt.Errorf("instance id %s is not of the form repo__name", Quote(id))
	}
	return parts[0], parts[1], nil
}
