package input

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// elsewhere is a dataset of which nobody knows the family.
const elsewhere = "somebody/benchmark"

// elsewhereHub has a dataset of these instances, of which the first half is its split "dev".
func elsewhereHub(t *testing.T, ids []string) *harness.Hub {
	t.Helper()
	half := len(ids) / 2
	return harness.NewHub(t, map[string]map[string][][]string{
		elsewhere:                          {"dev": {ids[:half]}, "test": {ids[half:]}},
		"princeton-nlp/SWE-bench_Verified": {"dev": {ids[:half]}, "test": {ids[half:]}},
	})
}

func TestCheckListsWhatPlanNames(t *testing.T) {
	t.Parallel()
	s := harness.NewSession(t)
	_, ids := numbered(t, 12)
	at := elsewhereHub(t, ids).URL
	with := func(more harness.Flags) harness.Flags {
		all := harness.Flags{"dataset": "princeton-nlp/SWE-bench_Verified", "hub": at}
		maps.Copy(all, more)
		return all
	}
	tests := map[string]harness.Flags{
		"a dataset of the hub": with(nil),
		"a split":              with(harness.Flags{"split": "dev"}),
		"a family":             with(harness.Flags{"family": "swegym", "split": "dev"}),
		"a file":               {"datasetFile": harness.File(harness.Written(t, "d.txt", strings.Join(ids[:3], "\n")))},
		"some ids":             with(harness.Flags{"instanceIds": ids[7:9]}),
		"a file of ids":        with(harness.Flags{"select": harness.File(harness.Written(t, "ids", strings.Join(ids[8:10], "\n")))}),
		"a limit":              with(harness.Flags{"limit": 3}),
		"a limit and a seed":   with(harness.Flags{"limit": 3, "seed": 5}),
		"a shard":              with(harness.Flags{"shard": "2/3"}),
		"a target":             with(harness.Flags{"target": "binary"}),
		"a suffix":             with(harness.Flags{"tagSuffix": "acp"}),
		"further tags":         with(harness.Flags{"tags": []string{"nightly", "weekly"}}),
	}
	empty := harness.Flags{"agentRepo": harness.EngineRegistry + "/" + harness.NewTarget(t).Prefix + "/agent"}
	named := map[string]string{} // the case, by what it names
	for name, given := range tests {
		t.Run(name, func(t *testing.T) {
			want := plannedTags(t, s, empty, given)
			assert.Empty(t, named[fmt.Sprint(want)], "the flag says nothing")
			named[fmt.Sprint(want)] = name
			var answer string
			err := s.Do(t, empty, "check", given, "", &answer)
			require.Error(t, err, answer)
			assert.ElementsMatch(t, want, harness.ReferencesIn(err.Error(), harness.EngineRegistry))
		})
	}
}

func TestAssembleAllMakesWhatPlanNames(t *testing.T) {
	t.Parallel()
	s := harness.NewSession(t)
	_, ids := numbered(t, 16)
	f := harness.NewFleet(t, ids...)
	f.Push(t, ids...)
	chosen := harness.File(harness.Written(t, "ids", strings.Join(ids[4:7], "\n")))
	tests := map[string]harness.Flags{
		"a sample of a split of the hub's dataset": {
			"dataset": elsewhere, "hub": elsewhereHub(t, ids).URL, "family": "swtbench", "split": "dev", "limit": 5, "seed": 3,
		},
		"a shard of a file":           {"datasetFile": harness.File(f.Dataset), "shard": "2/4", "target": "source", "tagSuffix": "acp", "tags": []string{"nightly"}},
		"a selection of a file":       {"datasetFile": harness.File(f.Dataset), "select": chosen, "limit": 2},
		"some ids of a file, by name": {"datasetFile": harness.File(f.Dataset), "instanceIds": ids[9:11], "target": "binary"},
	}
	for name, given := range tests {
		t.Run(name, func(t *testing.T) {
			module := moduleOf(f, harness.NewTarget(t).Prefix)
			want := plannedTags(t, s, module, given)
			eachMatters(t, s, module, given, want)
			run := maps.Clone(given)
			run["publish"] = true
			var made struct{ File struct{ Contents string } }
			require.NoError(t, s.Do(t, module, "assembleAll", run, "{file{contents}}", &made))
			var tags []string
			for _, agent := range harness.ParseRecords(t, made.File.Contents) {
				assert.Equal(t, "built", agent.Status)
				tags = append(tags, agent.Tags...)
			}
			assert.ElementsMatch(t, want, tags)
		})
	}
}

// eachMatters shows that a run which forgot one of its flags could not be taken for this one.
func eachMatters(t *testing.T, s *harness.Session, module, given harness.Flags, want []string) {
	t.Helper()
	for name := range given {
		rest := maps.Clone(given)
		delete(rest, name)
		lines, err := s.Plan(t, module, rest)
		assert.True(t, err != nil || fmt.Sprint(want) != fmt.Sprint(allTags(lines)), "without %s the plan is the same", name)
	}
}

// plannedTags are the tags of all agent images of the plan.
func plannedTags(t *testing.T, s *harness.Session, module, given harness.Flags) []string {
	t.Helper()
	lines, err := s.Plan(t, module, given)
	require.NoError(t, err)
	return allTags(lines)
}

func allTags(lines []harness.Planned) []string {
	var tags []string
	for _, line := range lines {
		tags = append(tags, line.Tags...)
	}
	return tags
}

// moduleOf are the module's flags for this fleet, with agent images in a repository of their own.
func moduleOf(f harness.Fleet, agents string) harness.Flags {
	in := f.Registry + "/" + f.Prefix + "/"
	return harness.Flags{
		"sdkSha": f.SHA, "imageTemplate": f.Template,
		"builderRepo": in + "builder", "baseRepo": in + "base", "agentRepo": in + agents,
	}
}
