package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const manifest = `{"instance_id":"a","status":"built","started_at":"2026-01-01T00:00:02.0Z","finished_at":"2026-01-01T00:00:03.0Z"}
{"instance_id":"b","status":"built","started_at":"2026-01-01T00:00:01.0Z","finished_at":"2026-01-01T00:00:03.5Z"}
{"instance_id":"c","status":"built","started_at":"2026-01-01T00:00:01.5Z","finished_at":"2026-01-01T00:00:02.0Z"}
`

func TestSpan(t *testing.T) {
	records, err := parseRecords([]byte(manifest))
	require.NoError(t, err)
	took, err := span(records, "built", 3)
	require.NoError(t, err)
	assert.Equal(t, 2500*time.Millisecond, took, "from the first start to the last end, whatever the order")
}

func TestSpanRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change  func([]record) []record
		message string
	}{
		"an image that is missing": {func(all []record) []record { return all[:2] }, "2 records, and not 3"},
		"an image that failed": {func(all []record) []record {
			all[1].Status = "failed"
			return all
		}, "b is failed"},
		"an image without times": {func(all []record) []record {
			all[0].FinishedAt = time.Time{}
			return all
		}, "a has no times"},
	} {
		t.Run(name, func(t *testing.T) {
			records, err := parseRecords([]byte(manifest))
			require.NoError(t, err)
			_, err = span(test.change(records), "built", 3)
			assert.ErrorContains(t, err, test.message)
		})
	}
}

func TestParseRecordsNamesTheLine(t *testing.T) {
	_, err := parseRecords([]byte("{}\nnonsense"))
	assert.ErrorContains(t, err, "line 2")
}
