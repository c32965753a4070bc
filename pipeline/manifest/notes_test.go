package manifest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/redact"
)

// TestTheSummaryCountsWhatKeptBasesFromSharing: the first with a key is no exception, and where
// nothing is shared nobody asks why.
func TestTheSummaryCountsWhatKeptBasesFromSharing(t *testing.T) {
	built := func(reason redact.Field) Record { return Record{Status: StatusBuilt, BuildReason: reason} }
	wrap, hostile := built("the image has a wrap"), built("layer 1: \"`<b>\" occurs twice")
	assert.Equal(t, []string{
		"base images built the long way, `the image has a wrap`: 2",
		"base images built the long way, ``layer 1: \"`<b>\" occurs twice``: 1",
		"base images built the long way, `the official image is in another registry`: 1",
	}, longWayNotes([]Record{
		built(BuildFirst), built(BuildNotShared), built(""), built(BuildElsewhere), hostile, wrap, wrap,
		{Status: StatusFailed, BuildReason: "failed"}, {Status: StatusSkipped},
	}))

	var many []Record
	for n := range longWaysShown + 7 {
		many = append(many, built(redact.Field(fmt.Sprintf("layer %d: the layer is no tar archive", n))))
	}
	notes := longWayNotes(many)
	assert.Len(t, notes, longWaysShown+1)
	assert.Equal(t, "… and for 7 more reasons: see base-manifest.jsonl", notes[longWaysShown])
}
