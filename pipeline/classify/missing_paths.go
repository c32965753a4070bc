package classify

import "strings"

// MissingPathsError reports that a base image lacks what --require asks for, although its recipe
// succeeded.
type MissingPathsError struct {
	// Paths that are missing.
	Paths []string
}

// Error names the paths.
func (e *MissingPathsError) Error() string {
	return "the recipe succeeded, but the base image lacks " + strings.Join(e.Paths, ", ")
}

// Cause is permanent: the engine has the recipe's steps in its cache.
func (e *MissingPathsError) Cause() Result {
	return Result{Class: Permanent, Advice: AdviceMissingPaths}
}

// AdviceMissingPaths is for a base image without its tools.
const AdviceMissingPaths = "A step of the recipe failed without failing the build, mostly for want of the network. " +
	"The engine keeps the result of that step: empty its cache with `dagger core engine local-cache prune`, then run " +
	"the same command again. If the recipe does not install these paths, correct --require."
