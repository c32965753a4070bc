package engine

import (
	"context"
	"fmt"
	"strings"

	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/pipeline/classify"
)

// checkRequired returns a [*classify.MissingPathsError] if a base image that was built lacks a
// required path. Steps of a recipe may fail without failing the build: the SDK's installs its npm
// tools that way.
//
// It looks into the whole root file system and not into what the recipe added: a package that the
// official image has already is not installed again.
//
// Base images that get this one's layers are not looked at: they have the same layers from the
// recipe, and the same files below wherever a recipe installs anything.
func (e *Engine) checkRequired(ctx context.Context, base *dagger.Container) error {
	var missing []string
	for _, path := range e.Required {
		there, err := exists(quiet(ctx), base.Rootfs(), path)
		if err != nil {
			return fmt.Errorf("looking for %s in the base image: %w", path, err)
		}
		if !there {
			missing = append(missing, path)
		}
	}
	if len(missing) > 0 {
		return &classify.MissingPathsError{Paths: missing}
	}
	return nil
}

// exists reports whether a path leads to anything in a directory. The engine follows symbolic links
// as a process in that root would, so one that leads nowhere does not exist.
func exists(ctx context.Context, root *dagger.Directory, path string) (bool, error) {
	_, err := root.File(path).Size(ctx)
	if err == nil {
		return true, nil
	}
	switch answer := Clean(err.Error()); {
	case strings.HasSuffix(answer, "is a directory, not a file"):
		return true, nil
	case strings.HasSuffix(answer, ": no such file or directory"), strings.HasSuffix(answer, ": not a directory"),
		strings.HasSuffix(answer, "too many links"): // A link that leads to itself.
		return false, nil
	}
	return false, engineError{err}
}
