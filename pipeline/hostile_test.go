package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/reference"
)

// TestHostileNamesAreRefused: in each flag that becomes a part of a reference. The error says which, and shows
// the value escaped.
func TestHostileNamesAreRefused(t *testing.T) {
	flags := map[string]struct {
		names func(value string) Names
		fine  []string
	}{
		"--builder-repo": {func(v string) Names { return Names{BuilderRepo: v} }, []string{"a URL", "a megabyte"}},
		"--base-repo":    {func(v string) Names { return Names{BaseRepo: "ghcr.io/" + v} }, nil},
		"--agent-repo":   {func(v string) Names { return Names{AgentRepo: v + "/agent"} }, nil},
		"--target":       {func(v string) Names { return Names{Target: v} }, nil},
		"--tag-suffix":   {func(v string) Names { return Names{Suffix: v} }, nil},
		"--tags":         {func(v string) Names { return Names{Tags: []string{"nightly", v}} }, nil},
		"--sdk-sha":      {func(v string) Names { return Names{Keys: NewKeys(v, "")} }, nil},
	}
	for flag, of := range flags {
		for name, value := range datasettest.Hostile {
			words := []string{"--target", "--tag-suffix", "--tags", "--sdk-sha"}
			if slices.Contains(words, flag) && slices.Contains([]string{"a megabyte", "a separator first"}, name) {
				continue // Letters and underscores are fine in a tag, which is cut.
			}
			t.Run(flag+": "+name, func(t *testing.T) {
				err := of.names(value).Check()
				require.ErrorContains(t, err, flag)
				assert.NoError(t, datasettest.Shown(err))
			})
		}
	}
}

func TestALongTargetIsCutAsTagsAre(t *testing.T) {
	names := Names{Keys: fieldKeys, Target: strings.Repeat("t", 1<<20), Suffix: strings.Repeat("s", 1<<20), Tags: []string{strings.Repeat("n", 1<<20)}}
	require.NoError(t, names.Check())
	for _, image := range append(names.AgentTags(django), names.Agent(django)) {
		assert.NoError(t, reference.Check(image))
	}
}

func TestAnSDKHasAName(t *testing.T) {
	for _, sdk := range []string{"sha256:", ":", ":abc", "\x1b[2J:abc", "a b:abc", "mine:1", "sha256:mine"} {
		assert.ErrorContains(t, Names{Keys: NewKeys(sdk, "")}.Check(), "--sdk-sha", sdk)
	}
}

// TestAHostileManifestIsRefused: manifests come from artifacts and disks, and what is in them is printed and
// shown on a page.
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
			// These are fine in an image's name, or in its tag.
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
	t.Run("what is a text of ours is made readable", func(t *testing.T) {
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
	t.Run("numbers that are none of a run's", func(t *testing.T) {
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
		"a line of 16 MiB":                 {strings.Repeat("x", 16<<20), "reading m, line 1: the line is longer than 1 MiB"},
		"a line of 16 MiB behind others":   {"\n\n" + strings.Repeat("x", 16<<20), "reading m, line 3: the line is longer than 1 MiB"},
		"lists in lists":                   {`{"tags":` + strings.Repeat("[", 500_000), "reading m, line 1: invalid character '[' exceeded max depth"},
		"records that are too many by one": {strings.Repeat(`{"instance_id":"a","status":"built"}`+"\n", 250_001), "reading m, line 250001: the manifest has more than 250000 records"},
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

// TestWhatACommandPrintedIsReadable: in the manifest that is written, in one that is read, and so on the
// terminal and on the page.
func TestWhatACommandPrintedIsReadable(t *testing.T) {
	printed := "failed\r\n  | \x1b[31mred\x1b[0m\x07\x00 \u202etxt\u2066 50%\b\b\b100%\u2028x é\xff" + strings.Repeat("y", 64<<10)
	registry := withBuilder(map[string][]error{"r/base:i0": {errors.New(printed)}})
	retry := quick
	retry.Attempts = 1
	result, err := Runner{Publisher: registry, Registry: registry, Retry: retry}.Run(context.Background(), planOf(1))
	require.NoError(t, err)
	require.Len(t, result.Failed(), 1)
	assertReadable := func(text string) {
		t.Helper()
		assert.NotRegexp(t, "[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]", text)
		assert.Less(t, len(text), 20<<10)
		assert.Contains(t, text, "[31mred[0m", "what is left of it can be read")
	}
	assertReadable(string(result.Failed()[0].Error))
	assertReadable(Summary(result))
	assert.Contains(t, string(result.Failed()[0].Error), "\n  | ", "lines stay lines")

	foreign, err := json.Marshal(map[string]string{"instance_id": "a", "status": "failed", "error": printed})
	require.NoError(t, err)
	read, err := ReadJSONLines("m", string(foreign))
	require.NoError(t, err)
	assertReadable(string(read[0].Error))
	assertReadable(Summary(&Result{Images: read}))
}
