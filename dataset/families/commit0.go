package families

import (
	"strings"

	"dagger/eval-images/dataset/table"
	"dagger/eval-images/reference"
)

// commit0ID returns the repository's name without its owner, `wcwidth` for
// `commit-0/wcwidth`, as lists of ids have it. A file of ids has no column `repo`; there
// the id is the repository.
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

// commit0Custom puts the family's name before the repository's, because a tag `jinja`
// would be unclear among those of all families.
// https://github.com/OpenHands/benchmarks/blob/main/benchmarks/commit0/build_images.py
func commit0Custom(image string) string {
	return "commit0-" + reference.Segment(image)
}
