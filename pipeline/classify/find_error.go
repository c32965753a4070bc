package classify

import (
	"errors"
	"fmt"
	"strings"
)

// ErrAbsent means that a registry answered, and does not have an image.
var ErrAbsent = errors.New("not in the registry")

// noPlatform also ends in "not found", although the registry has the image for other platforms.
const noPlatform = "no match for platform"

// ErrPlatform means that a registry has an image, but for another platform.
var ErrPlatform = errors.New("an image for another platform")

// FindError recognizes in an engine's error the answer that an image does not exist. It then
// returns [ErrAbsent], or [ErrPlatform] if the image exists for other platforms only. A refused
// connection, wrong credentials and a bad reference are no such answer.
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
