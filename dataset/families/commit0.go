package families

import (
	"strings"

	"dagger/eval-images/dataset/table"
	"dagger/eval-images/reference"
)

// commit0ID is the repository's name without its owner, `wcwidth` of
// `commit-0/wcwidth`: this is what lists of ids have for this family. A file of
// ids has no column `repo`, and the name stands in its place.
func commit0ID(row table.Row) (string, error) {
	repo := row.Repo
	if repo == "" {
		repo = row.InstanceID
	}
	if owner, name, ok := strings.Cut(repo, "/"); ok && CheckID(owner) == nil {
		return name, nil
	}
	return repo, nil
}

func commit0Image(id string, _ table.Row) (string, error) {
	return reference.Lower("docker.io/wentingzhao/" + id + ":v0"), nil
}

// commit0Custom has the family's name before it, as the repository's alone, such
// as `jinja`, would say little among the tags of all families.
// https://github.com/OpenHands/benchmarks/blob/main/benchmarks/commit0/build_images.py
func commit0Custom(image string) string {
	return "commit0-" + reference.Segment(image)
}
