package manifest

import (
	"fmt"
	"strings"
)

// Failures lists failed images for people, each by its error, which begins with the phase and the
// instance. Images that were not started for the same reason share one line: otherwise a run that
// ends early would repeat the reason a hundred times.
func Failures(failed []Record) []string {
	left := map[string]int{} // number of images by reason
	for _, record := range failed {
		if why, ok := whyNotStarted(record); ok {
			left[why]++
		}
	}
	var told []string
	for _, record := range failed {
		why, ok := whyNotStarted(record)
		switch n := left[why]; {
		case !ok || n == 1:
			told = append(told, string(record.Error))
		case n > 1:
			told = append(told, fmt.Sprintf("%s and %d more%s%s", record.Name(), n-1, notStarted, why))
			left[why] = 0
		}
	}
	return told
}

// notStarted separates the name of an image that was not started from the reason.
const notStarted = ": not started: "

func whyNotStarted(record Record) (why string, ok bool) {
	return strings.CutPrefix(string(record.Error), record.Name()+notStarted)
}
