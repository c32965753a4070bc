package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// record is a line of manifest.jsonl, as far as it is of use here.
type record struct {
	InstanceID  string    `json:"instance_id"`
	Status      string    `json:"status"`
	BaseTag     string    `json:"base_tag"`
	Tags        []string  `json:"tags"`
	GraftedFrom string    `json:"grafted_from"`
	StartedAt   time.Time `json:"started_at"`
	FinishedAt  time.Time `json:"finished_at"`
}

func readRecords(path string) ([]record, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseRecords(data)
}

func parseRecords(data []byte) ([]record, error) {
	var all []record
	for number, line := range bytes.Split(bytes.TrimSpace(data), []byte("\n")) {
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, fmt.Errorf("line %d of the manifest: %w", number+1, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// span is the time from the first image's start to the last one's end. It is an error if these are not so many images with this status.
func span(records []record, status string, images int) (time.Duration, error) {
	if len(records) != images {
		return 0, fmt.Errorf("the manifest has %d records, and not %d", len(records), images)
	}
	var first, last time.Time
	for _, r := range records {
		if r.Status != status {
			return 0, fmt.Errorf("%s is %s, and not %s", r.InstanceID, r.Status, status)
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
