package datasettest

import (
	"fmt"
	"regexp"
)

// shown is what an error may have: one line of ASCII, and the signs for what was cut and for advice. It is short enough for a log.
var shown = regexp.MustCompile(`^[ -~…→]{1,1000}$`)

// Shown returns an error unless err, which is about hostile values, is fit for a terminal and a log: none of them stands in it as it is.
func Shown(err error) error {
	if err == nil || shown.MatchString(err.Error()) {
		return nil
	}
	return fmt.Errorf("not fit to be shown: %.2000q", err)
}
