package e2e

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// elsewhere is a dataset of which nobody knows the family.
const elsewhere = "somebody/benchmark"

// elsewhereHub has a dataset of these instances, of which the first half is its split "dev".
func elsewhereHub(t *testing.T, ids []string) *hub {
	t.Helper()
	half := len(ids) / 2
	return newHub(t, map[string]map[string][][]string{
		elsewhere:                          {"dev": {ids[:half]}, "test": {ids[half:]}},
		"princeton-nlp/SWE-bench_Verified": {"dev": {ids[:half]}, "test": {ids[half:]}},
	})
}

func (s *session) checkAsPlanned(t *testing.T) {
	_, ids := numbered(t, 12)
	at := elsewhereHub(t, ids).url
	with := func(more flags) flags {
		all := flags{"dataset": "princeton-nlp/SWE-bench_Verified", "hub": at}
		maps.Copy(all, more)
		return all
	}
	tests := map[string]flags{
		"a dataset of the hub": with(nil),
		"a split":              with(flags{"split": "dev"}),
		"a family":             with(flags{"family": "swegym", "split": "dev"}),
		"a file":               {"datasetFile": file(written(t, "d.txt", strings.Join(ids[:3], "\n")))},
		"some ids":             with(flags{"instanceIds": ids[7:9]}),
		"a file of ids":        with(flags{"select": file(written(t, "ids", strings.Join(ids[8:10], "\n")))}),
		"a limit":              with(flags{"limit": 3}),
		"a limit and a seed":   with(flags{"limit": 3, "seed": 5}),
		"a shard":              with(flags{"shard": "2/3"}),
		"a target":             with(flags{"target": "binary"}),
		"a suffix":             with(flags{"tagSuffix": "acp"}),
		"further tags":         with(flags{"tags": []string{"nightly", "weekly"}}),
	}
	empty := flags{"agentRepo": engineRegistry + "/" + newTarget(t).prefix + "/agent"}
	named := map[string]string{} // the case, by what it names
	for name, given := range tests {
		t.Run(name, func(t *testing.T) {
			want := s.planned(t, empty, given)
			assert.Empty(t, named[fmt.Sprint(want)], "the flag says nothing")
			named[fmt.Sprint(want)] = name
			var answer string
			err := s.do(t, empty, "check", given, "", &answer)
			require.Error(t, err, answer)
			assert.ElementsMatch(t, want, referencesIn(err.Error(), engineRegistry))
		})
	}
}

func (s *session) assembleAsPlanned(t *testing.T) {
	_, ids := numbered(t, 16)
	f := fleetOf(t, ids...)
	f.push(t, ids...)
	chosen := file(written(t, "ids", strings.Join(ids[4:7], "\n")))
	tests := map[string]flags{
		"a sample of a split of the hub's dataset": {
			"dataset": elsewhere, "hub": elsewhereHub(t, ids).url, "family": "swtbench", "split": "dev", "limit": 5, "seed": 3,
		},
		"a shard of a file":           {"datasetFile": file(f.dataset), "shard": "2/4", "target": "source", "tagSuffix": "acp", "tags": []string{"nightly"}},
		"a selection of a file":       {"datasetFile": file(f.dataset), "select": chosen, "limit": 2},
		"some ids of a file, by name": {"datasetFile": file(f.dataset), "instanceIds": ids[9:11], "target": "binary"},
	}
	for name, given := range tests {
		t.Run(name, func(t *testing.T) {
			module := f.module(newTarget(t).prefix)
			want := s.planned(t, module, given)
			s.eachMatters(t, module, given, want)
			run := maps.Clone(given)
			run["publish"] = true
			var made struct{ File struct{ Contents string } }
			require.NoError(t, s.do(t, module, "assembleAll", run, "{file{contents}}", &made))
			var tags []string
			for _, agent := range parseRecords(t, made.File.Contents) {
				assert.Equal(t, "built", agent.Status)
				tags = append(tags, agent.Tags...)
			}
			assert.ElementsMatch(t, want, tags)
		})
	}
}

// eachMatters shows that a run which forgot one of its flags could not be taken for this one.
func (s *session) eachMatters(t *testing.T, module, given flags, want []string) {
	t.Helper()
	for name := range given {
		rest := maps.Clone(given)
		delete(rest, name)
		lines, err := s.plan(t, module, rest)
		assert.True(t, err != nil || fmt.Sprint(want) != fmt.Sprint(tagsPlanned(lines)), "without %s the plan is the same", name)
	}
}

// planned are the tags of all agent images of the plan.
func (s *session) planned(t *testing.T, module, given flags) []string {
	t.Helper()
	lines, err := s.plan(t, module, given)
	require.NoError(t, err)
	return tagsPlanned(lines)
}

func tagsPlanned(lines []planned) []string {
	var tags []string
	for _, line := range lines {
		tags = append(tags, line.Tags...)
	}
	return tags
}

// module are the module's flags for this fleet, with agent images in a repository of their own.
func (f fleet) module(agents string) flags {
	in := f.registry + "/" + f.prefix + "/"
	return flags{
		"sdkSha": f.sha, "imageTemplate": f.template,
		"builderRepo": in + "builder", "baseRepo": in + "base", "agentRepo": in + agents,
	}
}
