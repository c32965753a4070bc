package datasettest

import (
	"fmt"
	"regexp"
)

// shown matches errors that are fit for a log: one short line of ASCII, plus the signs for cuts and
// advice.
var shown = regexp.MustCompile(`^[ -~…→]{1,1000}$`)

// Shown returns an error unless err is nil or fit for a terminal and a log: it shows every hostile
// value escaped.
func Shown(err error) error {
	if err == nil || shown.MatchString(err.Error()) {
		return nil
	}
	return fmt.Errorf("not safe to show: %.2000q", err)
}
