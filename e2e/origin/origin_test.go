package origin_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/origin"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
)

// lines of a manifest with a record of each status.
func lines(t *testing.T) []string {
	t.Helper()
	at := manifest.Time{Time: time.Date(2026, 6, 25, 12, 0, 0, 0, time.UTC)}
	record := manifest.Record{
		Time: at, StartedAt: at, FinishedAt: manifest.Time{Time: at.Add(1500 * time.Millisecond)}, InstanceID: "a__a-1", Phase: plan.PhaseAssemble,
		BaseImage: "docker.io/swebench/sweb.eval.x86_64.a_1776_a-1:latest", Tags: []string{"r/agent:1"}, AttemptCount: 1,
		DurationSeconds: manifest.Seconds(1500 * time.Millisecond),
	}
	built, skipped, failed := record, record, record
	built.Status = manifest.StatusBuilt
	skipped.Status, skipped.SkipReason = manifest.StatusSkipped, manifest.SkipRemoteExists
	failed.Status, failed.Error, failed.Tags = manifest.StatusFailed, "assemble a__a-1: no", []string{}
	var text strings.Builder
	require.NoError(t, manifest.WriteJSONLines(&text, []manifest.Record{built, skipped, failed}))
	return strings.Split(strings.TrimSpace(text.String()), "\n")
}

func TestTheSummarizerReadsEveryRecord(t *testing.T) {
	for _, line := range lines(t) {
		assert.NoError(t, origin.Check(line))
	}
}

func TestWhatTheSummarizerCannotReadIsNoticed(t *testing.T) {
	tests := map[string]any{
		"status": "done", "base_image": nil, "tags": nil, "error": "", "skip_reason": "because", "attempt_count": 0, "started_at": "2026-06-25",
		"finished_at": nil, "duration_seconds": "1.5", "remote_check_seconds": nil, "build_seconds": -1, "post_build_seconds": nil,
	}
	for name, value := range tests {
		t.Run(name, func(t *testing.T) {
			var record map[string]any
			require.NoError(t, json.Unmarshal([]byte(lines(t)[0]), &record))
			record[name] = value
			changed, err := json.Marshal(record)
			require.NoError(t, err)
			assert.ErrorContains(t, origin.Check(string(changed)), name[:4])
		})
	}
}
