package manifest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const lines = `{"instance_id":"a","status":"built","started_at":"2026-01-01T00:00:02.0Z","finished_at":"2026-01-01T00:00:03.0Z"}
{"instance_id":"b","status":"built","started_at":"2026-01-01T00:00:01.0Z","finished_at":"2026-01-01T00:00:03.5Z"}
{"instance_id":"c","status":"built","started_at":"2026-01-01T00:00:01.5Z","finished_at":"2026-01-01T00:00:02.0Z"}
`

func TestSpan(t *testing.T) {
	records, err := parse([]byte(lines))
	require.NoError(t, err)
	took, err := Span(records, "built", 3)
	require.NoError(t, err)
	assert.Equal(t, 2500*time.Millisecond, took, "from the first start to the last end, in any order")
}

func TestSpanFailsFor(t *testing.T) {
	for name, test := range map[string]struct {
		change  func([]Record) []Record
		message string
	}{
		"a missing image": {func(all []Record) []Record { return all[:2] }, "found 2 records in the manifest, expected 3"},
		"a failed image": {func(all []Record) []Record {
			all[1].Status = "failed"
			return all
		}, "b is failed"},
		"an image without times": {func(all []Record) []Record {
			all[0].FinishedAt = time.Time{}
			return all
		}, "a has no times"},
	} {
		t.Run(name, func(t *testing.T) {
			records, err := parse([]byte(lines))
			require.NoError(t, err)
			_, err = Span(test.change(records), "built", 3)
			assert.ErrorContains(t, err, test.message)
		})
	}
}

func TestParseNamesTheLine(t *testing.T) {
	_, err := parse([]byte("{}\nnonsense"))
	assert.ErrorContains(t, err, "line 2")
}
