package input

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/e2e/internal/harness"
)

// TestAHostileDataset: a command for an id stops the whole call before anything is built,
// published, written or executed.
func TestAHostileDataset(t *testing.T) {
	t.Parallel()
	target := harness.NewTarget(t)
	target.SDK = harness.FailingSDK(t) // Whoever begins to build says so.
	out, trace := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "executed")
	ids := "django__django-12155\n$(touch " + trace + ")\n"
	failed := harness.CallModule(t, target.Args(
		"assemble-all", "--publish", "--dataset-file", harness.Written(t, "d.txt", ids), "directory", "export", "--path", out)...)
	message := failed.Message(t)
	assert.Contains(t, message, `d.txt line 2, column "instance_id": instance id "$(touch `)
	assert.NotContains(t, message, harness.BuilderMark)
	harness.AssertOneLine(t, message)
	assert.NoFileExists(t, trace)
	assert.NoDirExists(t, out)
	for _, repository := range []string{"builder", "base", "agent"} {
		assert.Empty(t, harness.Tags(t, target.Prefix+"/"+repository))
	}
}

// TestHostileInput: files and flags that were made to do harm, one of each way in. The errors are
// those of a plan, which every other function begins with. What else such values may be is in the
// tests of the packages that read them: TestHostileValuesAreRefusedEverywhere,
// TestHostileFlagsAreRefused, TestHostileNamesAreRefused.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	s := harness.NewSession(t)
	ids := func(lines ...string) harness.Flags {
		return harness.Flags{"datasetFile": harness.File(harness.Written(t, "d.txt", strings.Join(lines, "\n")))}
	}
	jsonl := func(text string) harness.Flags {
		return harness.Flags{"datasetFile": harness.File(harness.Written(t, "d.jsonl", text))}
	}
	with := func(given harness.Flags, name string, value any) harness.Flags { given[name] = value; return given }
	tests := map[string]struct {
		module, plan harness.Flags
		says         []string
	}{
		"a look-alike in an id":           {nil, ids("a__a-1", "dj\u0430ngo__django-1"), []string{"d.txt line 2", `"dj\u0430ngo__django-1"`}},
		"a terminal's escape in a column": {nil, with(jsonl(`{"instance_id":"a","dockerhub_tag":"\u001b[2J\u202e"}`), "family", "pro"), []string{"dockerhub_tag", `\x1b[2J\u202e`}},
		"a small file of a gigabyte":      {nil, harness.Flags{"datasetFile": harness.File(parquetBomb(t))}, []string{"bomb.parquet", "more than 32 MiB of ids"}},
		"a command in a file's name":      {nil, harness.Flags{"datasetFile": harness.File(harness.Written(t, "d;$(id).jsonl", "nonsense"))}, []string{`"d;$(id).jsonl" line 1`}},
		"a command in a selection":        {nil, with(ids("a__a-1"), "select", harness.File(harness.Written(t, "ids", "a__a-1\n`id`\n"))), []string{"ids line 2", "`id`"}},
		"a command in --instance-ids":     {nil, with(ids("a__a-1"), "instanceIds", []string{"$(id)"}), []string{`"$(id)"`}},
		"a command in --tags":             {nil, with(ids("a__a-1"), "tags", []string{"$(id)"}), []string{`--tags "$(id)"`}},
		"an escape in --shard":            {nil, with(ids("a__a-1"), "shard", "\x1b[2J"), []string{`shard "\x1b[2J"`}},
		"a look-alike in --family":        {nil, with(ids("a__a-1"), "family", "sw\u0435bench"), []string{`"sw\u0435bench"`}},
		"a path in --dataset":             {nil, harness.Flags{"dataset": "../../etc", "family": "swebench"}, []string{`"../../etc" is not of the form owner/name`}},
		"a file for --hub":                {nil, harness.Flags{"dataset": "o/n", "family": "swebench", "hub": "file:///etc"}, []string{`"file:///etc" is not of the form https://host`}},
		"a look-alike in --builder-repo":  {harness.Flags{"builderRepo": "ghcr.i\u043e/me/b"}, ids("a__a-1"), []string{`--builder-repo "ghcr.i\u043e/me/b"`}},
		"a path in --image-template":      {harness.Flags{"imageTemplate": "r.example/../{name}"}, ids("a__a-1"), []string{"d.txt line 1", `"r.example/../a-1"`}},
		"an escape in --dockerfile":       {harness.Flags{"dockerfile": "\x1b[2J"}, ids("a__a-1"), []string{`"\x1b[2J"`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			lines, err := s.Plan(t, test.module, test.plan)
			require.Error(t, err, "it was planned: %v", lines)
			for _, part := range test.says {
				assert.ErrorContains(t, err, part)
			}
			assert.Less(t, len(err.Error()), 1000)
			assert.NotRegexp(t, harmful, err.Error())
			t.Log(err)
		})
	}
	t.Run("a collision with another shard is refused in each", func(t *testing.T) {
		for shard := 1; shard <= 2; shard++ {
			_, err := s.Plan(t, harness.Flags{"imageTemplate": "r.example/{name}"}, harness.Flags{
				"datasetFile": harness.File(harness.Written(t, "d.txt", "x__a-b\nx__b")), "tags": []string{"n", "n-a"}, "shard": fmt.Sprintf("%d/2", shard),
			})
			require.ErrorContains(t, err, "lead to one tag, ghcr.io/openhands/eval-agent-server:n-a-b-source-minimal")
		}
	})
}

// harmful is what no error may have: what moves a terminal's cursor, turns text around, or looks
// like other letters.
var harmful = regexp.MustCompile("[\x00-\x09\x0b-\x1f\x7f\u0080-\u009f\u0400-\u04ff\u200b-\u200f\u202a-\u202e\u2066-\u2069\u212a]")

// parquetBomb is a file that says a value of a kilobyte once, and means it in each of 200,000 rows.
func parquetBomb(t *testing.T) string {
	t.Helper()
	file, err := datasettest.Parquet(200_000, []datasettest.Column{
		{Name: "instance_id", Values: slices.Repeat([]string{strings.Repeat("x", 1024)}, 200_000)},
		{Name: "repo", Values: slices.Repeat([]string{strings.Repeat("y", 1024)}, 200_000)},
	})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "bomb.parquet")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(100<<10))
	return path
}
