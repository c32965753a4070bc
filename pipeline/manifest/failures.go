package manifest

import (
	"fmt"
	"strings"
)

// Failures tells of failed images for people, each by its error, which begins with the phase and
// the instance. Images that were not started any more are told of together where that has the same
// reason: else a run that ends early would say why a hundred times.
func Failures(failed []Record) []string {
	left := map[string]int{} // how many, by the reason
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

// notStarted stands between the name of an image that was not started any more and the reason.
const notStarted = ": not started: "

func whyNotStarted(record Record) (why string, ok bool) {
	return strings.CutPrefix(string(record.Error), record.Name()+notStarted)
}
