// Package origin knows what the summarizer of OpenHands/benchmarks reads of a manifest, so that
// tests can hold a manifest against it:
// https://github.com/OpenHands/benchmarks/blob/4e5469e0/benchmarks/utils/build_manifest.py
package origin

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// fields that it reads, and what it can read there. It stumbles over anything else, or counts
// wrongly.
var fields = map[string]func(value any) bool{
	"status":               isStatus,
	"base_image":           isText,
	"tags":                 isList,
	"error":                isTextOrNull,
	"skip_reason":          isTextOrNull,
	"attempt_count":        isCount,
	"started_at":           isMoment,
	"finished_at":          isMoment,
	"duration_seconds":     isSeconds,
	"remote_check_seconds": isSeconds,
	"build_seconds":        isSeconds,
	"post_build_seconds":   isSeconds,
}

// Check says what the summarizer could not read of a manifest's line, or would count wrongly.
func Check(line string) error {
	var record map[string]any
	if err := json.Unmarshal([]byte(line), &record); err != nil {
		return fmt.Errorf("reading %s: %w", line, err)
	}
	for name, fits := range fields {
		if value, there := record[name]; !there || !fits(value) {
			return fmt.Errorf("%s is %v in %s", name, value, line)
		}
	}
	status := record["status"]
	if failed := status == "failed"; failed != (record["error"] != nil) {
		return fmt.Errorf("an error stands in failed records only: %s", line)
	}
	if skipped := strings.HasPrefix(status.(string), "skipped"); skipped != (record["skip_reason"] != nil) {
		return fmt.Errorf("a reason to skip stands in skipped records only: %s", line)
	}
	return nil
}

func isStatus(value any) bool {
	return slices.Contains([]any{"built", "skipped_remote_exists", "failed"}, value)
}

func isText(value any) bool {
	text, ok := value.(string)
	return ok && text != ""
}

func isTextOrNull(value any) bool { return value == nil || isText(value) }

func isList(value any) bool {
	_, ok := value.([]any)
	return ok
}

// isCount: attempts are counted from 1, and 0 would be taken for 1.
func isCount(value any) bool {
	number, ok := value.(float64)
	return ok && number >= 1 && number == math.Trunc(number)
}

func isSeconds(value any) bool {
	number, ok := value.(float64)
	return ok && number >= 0
}

// isMoment: the only form that datetime.fromisoformat reads in every version of Python.
func isMoment(value any) bool {
	text, _ := value.(string)
	_, err := time.Parse("2006-01-02T15:04:05.000000-07:00", text)
	return err == nil
}
