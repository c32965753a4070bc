package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/origin"
)

// TestManifest follows a run in two shards from its plan to the merged manifest that says that all
// is there.
func TestManifest(t *testing.T) {
	t.Parallel()
	ids := []string{"team__task-1", "team__task-2", "team__task-3", "team__task-4", "team__task-5"}
	missing := ids[2]
	f := fleetOf(t, ids...)
	f.push(t, slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == missing })...)
	plan := parsePlan(t, f.call(t, "plan", "file", "contents").succeeds(t))
	require.Len(t, plan, len(ids))
	all := t.TempDir() // A directory for each run.
	keep := func(name, dir string) { require.NoError(t, os.CopyFS(filepath.Join(all, name), os.DirFS(dir))) }

	keep("shard-1", f.run(t, "--shard", "1/2"))
	t.Run("after one shard, check lists what the registry lacks of the plan", func(t *testing.T) {
		var want []string
		published := f.published(t)
		for _, line := range plan {
			if published[line.Tags[0]] == "" {
				want = append(want, line.Tags[0])
			}
		}
		require.Contains(t, want, f.agent(missing))
		message := f.call(t, "check").message(t)
		assert.ElementsMatch(t, want, referencesIn(message, engineRegistry))
		assert.Contains(t, message, "3 references of 5 agent images")
	})

	keep("shard-2", f.run(t, "--shard", "2/2"))
	t.Run("merged, the shards' manifests are that of one run", func(t *testing.T) {
		one, two := records(t, filepath.Join(all, "shard-1"), "manifest.jsonl"), records(t, filepath.Join(all, "shard-2"), "manifest.jsonl")
		require.Len(t, one, 3)
		require.Len(t, two, 2)
		merged := filepath.Join(t.TempDir(), "merged")
		f.read(t, all, "directory", "export", "--path", merged).succeeds(t)
		agents := records(t, merged, "manifest.jsonl")
		assert.ElementsMatch(t, slices.Concat(one, two), agents)
		assert.Len(t, records(t, merged, "base-manifest.jsonl"), len(ids))
		assert.Len(t, records(t, merged, "builder-manifest.jsonl"), 1)
		assert.Equal(t, f.published(t), tagsOf(agents, records(t, merged, "base-manifest.jsonl")))
		summary, err := os.ReadFile(filepath.Join(merged, "summary.md"))
		require.NoError(t, err)
		assert.Contains(t, string(summary), "1 of 5 agent images failed")
	})
	t.Run("its check fails and lists the failed one", func(t *testing.T) {
		message := f.read(t, all, "check").message(t)
		assert.Contains(t, message, "1 of 5 agent images failed")
		assert.Equal(t, []string{missing}, listed(message))
	})

	f.push(t, missing)
	keep("rest", f.run(t))
	t.Run("with the run that did the rest, its check passes", func(t *testing.T) {
		built := map[string]string{}
		for _, id := range ids {
			built[id] = "built"
		}
		merged := filepath.Join(t.TempDir(), "merged")
		f.read(t, all, "directory", "export", "--path", merged).succeeds(t)
		assert.Equal(t, built, statuses(records(t, merged, "manifest.jsonl")), "each was built by one of the runs")
		assert.Contains(t, f.read(t, all, "check").succeeds(t), "5")
	})
	t.Run("the registry has what was planned, and nothing else, and check says so", func(t *testing.T) {
		var want []string
		for _, line := range plan {
			want = append(append(want, line.BaseTag), line.Tags...)
		}
		assert.ElementsMatch(t, want, slices.Collect(maps.Keys(f.published(t))))
		assert.Contains(t, f.call(t, "check").succeeds(t), "5")
	})
	t.Run("the field's summarizers find what they look for", func(t *testing.T) {
		for _, run := range []string{"shard-1", "shard-2", "rest"} {
			for _, name := range []string{"manifest.jsonl", "base-manifest.jsonl", "builder-manifest.jsonl"} {
				summarizable(t, filepath.Join(all, run, name))
			}
		}
	})
}

// testReadManifest: what is no manifest is one error that says where.
func (s *session) testReadManifest(t *testing.T) {
	good := `{"phase":"assemble","instance_id":"a__a-1","status":"built","tags":["r/agent:1"]}` + "\n"
	tests := map[string]struct {
		file, text string
		says       []string
	}{
		"a line that is cut off":   {"a/manifest.jsonl", good + `{"phase":"assemble","inst`, []string{"a/manifest.jsonl", "line 2"}},
		"a time that is none":      {"manifest.jsonl", good + good + `{"phase":"assemble","instance_id":"a__a-2","status":"built","time":"soon"}`, []string{"manifest.jsonl", "line 3", "soon"}},
		"a status that is unknown": {"manifest.jsonl", `{"phase":"assemble","instance_id":"a__a-1","status":"done"}`, []string{"manifest.jsonl", "line 1", `"done"`}},
		"a record of no instance":  {"manifest.jsonl", `{"phase":"assemble","status":"built"}`, []string{"manifest.jsonl", "line 1", "instance_id"}},
		"a directory without one":  {"other.jsonl", good, []string{"manifest.jsonl"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			at := filepath.Join(dir, test.file)
			require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
			require.NoError(t, os.WriteFile(at, []byte(test.text), 0o644))
			var result struct{ Total int }
			err := s.do(t, nil, "readManifest", flags{"source": directory(dir)}, "{total}", &result)
			require.Error(t, err, "%+v", result)
			t.Log(err)
			for _, part := range test.says {
				assert.ErrorContains(t, err, part)
			}
		})
	}
}

// testCheck: a registry that gives no answer lacks nothing. Nobody knows.
func (s *session) testCheck(t *testing.T) {
	var answer string
	err := s.do(t, flags{"agentRepo": "localhost:5999/agent"}, "check", flags{"instanceIds": sampleInstances[:1]}, "", &answer)
	require.Error(t, err, answer)
	assert.ErrorContains(t, err, "connection refused")
	assert.ErrorContains(t, err, sampleInstances[0])
	assert.NotContains(t, err.Error(), "lacks")
}

// read reads the manifests below a directory back.
func (f fleet) read(t *testing.T, dir string, more ...string) call {
	t.Helper()
	return callModule(t, append([]string{"--silent", "--sdk", f.sdk, "read-manifest", "--source", dir}, more...)...)
}

// summarizable holds a file against what the summarizer of OpenHands/benchmarks takes from it, and
// its times against each other.
func summarizable(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		var r struct {
			Phase      string
			Time       time.Time
			StartedAt  time.Time `json:"started_at"`
			FinishedAt time.Time `json:"finished_at"`
			Duration   float64   `json:"duration_seconds"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &r), line)
		if r.Phase != "builder" { // It has no official image, and nobody else's summarizer looks for it.
			assert.NoError(t, origin.Check(line))
		}
		assert.InDelta(t, r.FinishedAt.Sub(r.StartedAt).Seconds(), r.Duration, 0.002, "its duration is from start to finish: %s", line)
		assert.False(t, r.Time.IsZero(), line)
	}
}
