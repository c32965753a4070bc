package plan

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"dagger/eval-images/redact"
)

// Bounds of the paths that base images can be required to have. The first is that of Linux.
const (
	maxRequiredPath  = 4095
	maxRequiredPaths = 100
)

// CheckRequired checks paths that every base image must have, before anything is built: they are
// absolute, and spelled in one way only.
func CheckRequired(paths []string) error {
	if len(paths) > maxRequiredPaths {
		return fmt.Errorf("--require has %d paths: it must have at most %d", len(paths), maxRequiredPaths)
	}
	for _, required := range paths {
		if !canBeRequired(required) {
			return fmt.Errorf("--require is %s: it must be absolute paths such as /usr/bin/git, comma-separated", redact.Quote(required))
		}
	}
	return nil
}

func canBeRequired(required string) bool {
	switch {
	case required == "/", !path.IsAbs(required), path.Clean(required) != required:
		return false
	case len(required) > maxRequiredPath, !utf8.ValidString(required):
		return false
	}
	return !strings.ContainsFunc(required, func(r rune) bool { return !unicode.IsGraphic(r) })
}
