package manifest

import (
	"encoding/json"
	"fmt"
	"io"
)

// Result is what became of every image of a run.
type Result struct {
	// Requests is how many requests the direct publisher sent to the registry. Zero where the
	// engine did everything.
	Requests int
	// Builders is the builder's record: one, or none if the registry lacks it and nothing needed
	// it. Merged from several runs there is one for each reference.
	Builders []Record
	// Bases are the records of the base images that the run looked at, in the plan's order. An
	// agent image that the registry has needs no base, so its base is not looked at.
	Bases []Record
	// Images are the records of all planned agent images, in the plan's order.
	Images []Record
}

// Count says how many agent images ended with a status.
func (r *Result) Count(status Status) int {
	n := 0
	for _, record := range r.Images {
		if record.Status == status {
			n++
		}
	}
	return n
}

// Unpublished says how many agent images were built by a run that publishes nothing: they have
// neither tags nor a digest.
func (r *Result) Unpublished() int {
	n := 0
	for _, record := range r.Images {
		if record.unpublished() {
			n++
		}
	}
	return n
}

// Failed are the records of the agent images that could not be made, in the plan's order.
func (r *Result) Failed() []Record {
	var failed []Record
	for _, record := range r.Images {
		if record.Status == StatusFailed {
			failed = append(failed, record)
		}
	}
	return failed
}

// WriteJSONLines writes records one JSON object a line (https://jsonlines.org).
func WriteJSONLines(to io.Writer, records []Record) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	for _, record := range records {
		if err := encoder.Encode(record); err != nil {
			return fmt.Errorf("writing the record of %s: %w", record.Name(), err)
		}
	}
	return nil
}
