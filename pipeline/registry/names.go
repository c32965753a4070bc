package registry

import (
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"

	"dagger/eval-images/pipeline/registry/oci"
	"dagger/eval-images/reference"
)

// parseReference parses a reference as Docker and the engine do. The library's own parser takes
// localhost without a port for a path at Docker Hub, and would show Docker Hub the password for it.
func parseReference(text string) (name.Reference, error) {
	parsed, err := reference.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("invalid reference format: %w", err)
	}
	in, err := repositoryIn(parsed)
	if err != nil {
		return nil, fmt.Errorf("invalid reference format: %w", err)
	}
	switch {
	case parsed.Digest() != "": // It counts, even if there is a tag as well.
		return in.Digest(parsed.Digest()), nil
	case parsed.Tag() != "":
		return in.Tag(parsed.Tag()), nil
	default:
		return in.Tag(name.DefaultTag), nil
	}
}

// RepositoryOf returns the repository of a reference, with its host.
func RepositoryOf(text string) (string, error) {
	ref, err := parseReference(text)
	if err != nil {
		return "", err
	}
	return ref.Context().Name(), nil
}

// PathOf returns the repository of a reference, without its host.
func PathOf(text string) (oci.Repository, error) {
	ref, err := parseReference(text)
	if err != nil {
		return "", err
	}
	return repositoryOf(ref), nil
}

// repositoryOf is the path of a reference's repository.
func repositoryOf(ref name.Reference) oci.Repository {
	return oci.Repository(ref.Context().RepositoryStr())
}

// parseRepository parses the name of a repository by the same rule.
func parseRepository(text string) (name.Repository, error) {
	parsed, err := reference.Parse(text)
	if err == nil && (parsed.Tag() != "" || parsed.Digest() != "") {
		err = reference.ErrFormat
	}
	if err != nil {
		return name.Repository{}, fmt.Errorf("reading the repository %s: %w", text, err)
	}
	in, err := repositoryIn(parsed)
	if err != nil {
		return name.Repository{}, fmt.Errorf("reading the repository %s: %w", text, err)
	}
	return in, nil
}

func repositoryIn(parsed reference.Reference) (name.Repository, error) {
	at, err := name.NewRegistry(parsed.Host())
	return at.Repo(parsed.Path()), err
}
