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
		elsewhere: {"dev": {ids[:half]}, "test": {ids[half:]}},
	})
}

// TestCheckAndAssembleAllFollowThePlan: check lists what the plan names, and assemble-all makes it.
// Each flag that chooses or names images is in one of the cases, and without it the tags would be
// others.
func TestCheckAndAssembleAllFollowThePlan(t *testing.T) {
	t.Parallel()
	s := harness.NewSession(t)
	_, ids := numbered(t, 16)
	f := harness.NewFleet(t, ids...)
	f.Push(t, ids...)
	data := harness.File(f.Dataset)
	chosen := harness.File(harness.Written(t, "ids", strings.Join(ids[4:7], "\n")))
	tests := map[string]struct {
		given harness.Flags
		ids   []string
		tags  []string // of an instance, but for the names of SDK and Dockerfile before the first
	}{
		"a sample of a split of the hub's dataset": { // pandas draws them with random_state=3.
			harness.Flags{"dataset": elsewhere, "hub": elsewhereHub(t, ids).URL, "family": "swtbench", "split": "dev", "limit": 5, "seed": 3},
			ids[3:8], []string{"%s-source-minimal"},
		},
		"a shard of a file": {
			harness.Flags{"datasetFile": data, "shard": "2/4", "target": "source", "tagSuffix": "acp", "tags": []string{"nightly"}},
			[]string{ids[1], ids[5], ids[9], ids[13]}, []string{"%s-source-acp", "nightly-%s-source-acp"},
		},
		"a selection of a file": {
			harness.Flags{"datasetFile": data, "select": chosen, "limit": 2}, ids[4:6], []string{"%s-source-minimal"},
		},
		"some ids of a file, by name": {
			harness.Flags{"datasetFile": data, "instanceIds": ids[9:11], "target": "binary"}, ids[9:11], []string{"%s-binary"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			agents := harness.NewTarget(t).Prefix
			module := moduleOf(f, agents)
			var want []string
			for _, id := range test.ids {
				for i, tag := range test.tags {
					if i == 0 {
						tag = f.SHA[:7] + "-" + f.Key + "-" + tag
					}
					want = append(want, f.Registry+"/"+f.Prefix+"/"+agents+":"+fmt.Sprintf(tag, id))
				}
			}
			lines, err := s.Plan(t, module, test.given)
			require.NoError(t, err)
			var planned []string
			for _, line := range lines {
				planned = append(planned, line.Tags...)
			}
			assert.ElementsMatch(t, want, planned)

			var answer string
			err = s.Do(t, module, "check", test.given, "", &answer)
			require.Error(t, err, answer)
			assert.ElementsMatch(t, want, harness.ReferencesIn(err.Error(), f.Registry))

			run := maps.Clone(test.given)
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

// moduleOf are the module's flags for this fleet, with agent images in a repository of their own.
func moduleOf(f harness.Fleet, agents string) harness.Flags {
	in := f.Registry + "/" + f.Prefix + "/"
	return harness.Flags{
		"sdkSha": f.SHA, "imageTemplate": f.Template,
		"builderRepo": in + "builder", "baseRepo": in + "base", "agentRepo": in + agents,
	}
}
