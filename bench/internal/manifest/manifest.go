// Package manifest reads the module's manifests, as far as the benchmark needs them.
package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Record is a line of a manifest.
type Record struct {
	InstanceID  string   `json:"instance_id"`
	Status      string   `json:"status"`
	BaseTag     string   `json:"base_tag"`
	Tags        []string `json:"tags"`
	GraftedFrom string   `json:"grafted_from"`
	// BuildSeconds is how long a base image was made, and PushSeconds how long it was published.
	BuildSeconds float64   `json:"build_seconds"`
	PushSeconds  float64   `json:"push_seconds"`
	StartedAt    time.Time `json:"started_at"`
	FinishedAt   time.Time `json:"finished_at"`
}

// Read reads a manifest file.
func Read(path string) ([]Record, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(data)
}

func parse(data []byte) ([]Record, error) {
	var all []Record
	for number, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("line %d of the manifest: %w", number+1, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// Span returns the time from the start of the first image to the end of the last one. It fails
// unless there are this many images, all with this status.
func Span(records []Record, status string, images int) (time.Duration, error) {
	if len(records) != images {
		return 0, fmt.Errorf("found %d records in the manifest, expected %d", len(records), images)
	}
	var first, last time.Time
	for _, r := range records {
		if r.Status != status {
			return 0, fmt.Errorf("%s is %s, expected %s", r.InstanceID, r.Status, status)
		}
		if r.StartedAt.IsZero() || r.FinishedAt.IsZero() {
			return 0, fmt.Errorf("%s has no times", r.InstanceID)
		}
		if first.IsZero() || r.StartedAt.Before(first) {
			first = r.StartedAt
		}
		if r.FinishedAt.After(last) {
			last = r.FinishedAt
		}
	}
	return last.Sub(first), nil
}
