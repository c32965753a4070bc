package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
)

var verified = dataset.Source{
	Name: "princeton-nlp/SWE-bench_Verified", Config: "default", Split: "test", Revision: strings.Repeat("c104f840", 5),
}

// TestARunCanBeRepeated: the plan and each record name the commit of the dataset, whatever became of the image.
func TestARunCanBeRepeated(t *testing.T) {
	want := map[string]any{
		"dataset": verified.Name, "dataset_config": "default", "dataset_split": "test", "dataset_revision": verified.Revision,
	}
	assertNamed := func(t *testing.T, text string) {
		t.Helper()
		lines := strings.Split(strings.TrimSpace(text), "\n")
		for _, line := range lines {
			var fields map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &fields))
			for name, value := range want {
				assert.Equal(t, value, fields[name], name)
			}
		}
	}
	plan := planOf(3)
	plan.Source = verified

	t.Run("in the plan", func(t *testing.T) {
		lines, err := plan.JSONLines()
		require.NoError(t, err)
		assertNamed(t, lines)
		assert.Contains(t, plan.Table(), "\nof the dataset princeton-nlp/SWE-bench_Verified, config default, split test, revision "+verified.Revision+"\n")
	})
	t.Run("in the pinned plan", func(t *testing.T) {
		official := &fakeRegistry{has: map[string]Found{"official/i0": {Digest: "sha256:a"}, "official/i1": {Digest: "sha256:b"}, "official/i2": {Digest: "sha256:c"}}}
		pinned, err := Runner{Official: official}.Pin(context.Background(), plan)
		require.NoError(t, err)
		assert.Equal(t, verified, pinned.Source)
	})
	t.Run("in the records, also after they are merged with others", func(t *testing.T) {
		registry := withBuilder(map[string][]error{"r/base:i1": {errors.New("invalid reference format")}})
		result, err := Runner{Publisher: registry, Registry: registry, Retry: quick}.Run(context.Background(), plan)
		require.NoError(t, err)
		require.Len(t, result.Failed(), 1)
		for _, records := range [][]Record{result.Images, result.Bases, result.Builders} {
			require.NotEmpty(t, records)
			text := jsonLines(t, records)
			assertNamed(t, text)
			read, err := ReadJSONLines("m", text)
			require.NoError(t, err)
			assertNamed(t, jsonLines(t, Merge(read)))
		}
	})
}

func TestASummaryNamesTheCommitsOfTheDataset(t *testing.T) {
	const several = "the images are of several commits of one dataset: shards of one run need the same --revision"
	record := func(id text, source dataset.Source) Record {
		return Record{InstanceID: id, Phase: PhaseAssemble, Status: StatusBuilt, Tags: []string{"r:a"}, sourceFields: fieldsOf(source)}
	}
	moved, other := verified, verified
	moved.Revision = strings.Repeat("b", 40)
	other.Split, other.Revision = "dev", moved.Revision

	text := Summary(&Result{Images: []Record{record("a", verified), record("b", verified), record("c", other), record("d", dataset.Source{})}})
	assert.Contains(t, text, "\n- from the dataset `"+verified.String()+"`: 2\n")
	assert.Contains(t, text, "\n- from the dataset `"+other.String()+"`: 1\n")
	assert.NotContains(t, text, several)
	assert.Contains(t, Summary(&Result{Images: []Record{record("a", verified), record("b", moved)}}), several)
	assert.NotContains(t, Summary(&Result{Images: []Record{record("a", dataset.Source{})}}), "dataset")
}

func TestARecordsDatasetIsChecked(t *testing.T) {
	const start = `{"instance_id":"a","status":"built"`
	for what, fields := range map[string]string{
		"a part of a source":       `,"dataset":"o/n"`,
		"a branch":                 `,"dataset":"o/n","dataset_config":"c","dataset_split":"s","dataset_revision":"main"`,
		"a config with a new line": `,"dataset":"o/n","dataset_config":"c\n","dataset_split":"s","dataset_revision":"` + verified.Revision + `"`,
	} {
		_, err := ReadJSONLines("m", start+fields+"}")
		assert.ErrorContains(t, err, "reading m, line 1: ", what)
	}
	_, err := ReadJSONLines("m", start+"}")
	assert.NoError(t, err, "manifests of before have no such fields")
}
