package classify

import (
	"errors"
	"fmt"
	"strings"
)

// ErrAbsent says that a registry answered, and that it does not have an image.
var ErrAbsent = errors.New("not in the registry")

// noPlatform ends in "not found" as well, although the registry has the image: for other platforms.
const noPlatform = "no match for platform"

// ErrPlatform says that a registry has an image, and that it is for another platform.
var ErrPlatform = errors.New("an image for another platform")

// FindError tells from the text of an engine's error whether the registry answered that there is no
// such image. Only then is it [ErrAbsent], and [ErrPlatform] where there is one for other platforms
// only; a refused connection, wrong credentials and a bad reference are no answer.
func FindError(err error) error {
	if err == nil {
		return nil
	}
	if strings.Contains(err.Error(), noPlatform) {
		return fmt.Errorf("%w: %w", ErrPlatform, err)
	}
	if strings.HasSuffix(strings.TrimSpace(err.Error()), ": not found") {
		return fmt.Errorf("%w: %w", ErrAbsent, err)
	}
	return err
}
