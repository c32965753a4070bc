package manifest

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
)

// TestAHostileManifestIsRefused: manifests come from artifacts and disks, and their texts are
// printed and shown on a page.
func TestAHostileManifestIsRefused(t *testing.T) {
	base := map[string]any{"instance_id": "a__a-1", "status": "built", "phase": "assemble"}
	line := func(field string, value any) string {
		record := map[string]any{field: value}
		for name, value := range base {
			if _, ok := record[name]; !ok {
				record[name] = value
			}
		}
		data, err := json.Marshal(record)
		require.NoError(t, err)
		return string(data)
	}
	fields := map[string]func(value string) any{
		"instance_id": func(v string) any { return v },
		"status":      func(v string) any { return v },
		"phase":       func(v string) any { return v },
		"skip_reason": func(v string) any { return v },
		"base_image":  func(v string) any { return "r.example/" + v },
		"base_tag":    func(v string) any { return "r.example/a:" + v + "." },
		"tags":        func(v string) any { return []string{"r.example/a:fine", "r.example/" + v} },
		"reference":   func(v string) any { return "r.example/a:" + v + "." },
		"time":        func(v string) any { return v },
		"dataset":     func(v string) any { return v },

		"dataset_revision": func(v string) any { return v },
	}
	for field, of := range fields {
		for name, value := range datasettest.Hostile {
			// These are valid in an image's name or tag.
			if field == "base_image" || field == "tags" {
				if name == "a reference with a tag" {
					continue
				}
			}
			if (field == "base_tag" || field == "reference") && name == "a separator first" {
				continue
			}
			t.Run(field+": "+name, func(t *testing.T) {
				_, err := ReadJSONLines("shards/1/manifest.jsonl", line("instance_id", "a__a-1")+"\n"+line(field, of(value)))
				require.ErrorContains(t, err, "reading shards/1/manifest.jsonl, line 2: ")
				assert.NoError(t, datasettest.Shown(err))
			})
		}
	}
	t.Run("our own texts are made safe to show", func(t *testing.T) {
		for name, value := range datasettest.Hostile {
			for _, field := range []string{"error", "rebuild_reason"} {
				records, err := ReadJSONLines("m", line(field, value[:min(len(value), maxLine/2)]))
				require.NoError(t, err, name)
				summary := Summary(&Result{Images: records, Bases: records})
				assert.False(t, strings.ContainsFunc(summary, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }), "%s: %q", name, summary)
				assert.NotContains(t, string(records[0].RebuildReason), "\n", name)
			}
		}
	})
	t.Run("implausible numbers are refused", func(t *testing.T) {
		for field, value := range map[string]string{
			"attempt_count": strings.Repeat("9", 1000), "duration_seconds": "1e300", "queue_seconds": "-1e10", "push_seconds": `"1"`,
			"time": `"0000-01-01T00:00:00+23:00"`, "started_at": `"9999-12-31T23:00:00-23:00"`, "tags": `"a"`, "error": "{}",
		} {
			_, err := ReadJSONLines("m", `{"instance_id":"a","status":"built","`+field+`":`+value+`}`)
			require.ErrorContains(t, err, "reading m, line 1: ", field)
			assert.NoError(t, datasettest.Shown(err))
		}
	})
	t.Run("a file's name is shown escaped", func(t *testing.T) {
		for _, value := range datasettest.Hostile {
			_, err := ReadJSONLines(value, "nonsense")
			require.Error(t, err)
			assert.NoError(t, datasettest.Shown(err))
		}
	})
}

func TestAManifestsSizeIsBounded(t *testing.T) {
	tests := map[string]struct{ text, says string }{
		"a line of 16 MiB":               {strings.Repeat("x", 16<<20), "reading m, line 1: the line is longer than 1 MiB"},
		"a line of 16 MiB behind others": {"\n\n" + strings.Repeat("x", 16<<20), "reading m, line 3: the line is longer than 1 MiB"},
		"lists in lists":                 {`{"tags":` + strings.Repeat("[", 500_000), "reading m, line 1: invalid character '[' exceeded max depth"},
		"one record too many":            {strings.Repeat(`{"instance_id":"a","status":"built"}`+"\n", 250_001), "reading m, line 250001: the manifest has more than 250000 records"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := ReadJSONLines("m", test.text)
			runtime.ReadMemStats(&after)
			require.ErrorContains(t, err, test.says)
			if !strings.Contains(test.says, "records") {
				assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
			}
		})
	}
}
