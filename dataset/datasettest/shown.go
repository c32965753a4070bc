package datasettest

import (
	"fmt"
	"regexp"
)

// shown matches errors that are fit for a log: one short line of ASCII, with the signs for
// cuts and for advice.
var shown = regexp.MustCompile(`^[ -~…→]{1,1000}$`)

// Shown returns an error unless err is nil or fit for a terminal and a log: it has no hostile
// value unescaped.
func Shown(err error) error {
	if err == nil || shown.MatchString(err.Error()) {
		return nil
	}
	return fmt.Errorf("not fit to be shown: %.2000q", err)
}
