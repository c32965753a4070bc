package manifest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/dataset"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/redact"
)

var verified = dataset.Source{
	Name: "princeton-nlp/SWE-bench_Verified", Config: "default", Split: "test", Revision: strings.Repeat("c104f840", 5),
}

func TestASummaryNamesTheCommitsOfTheDataset(t *testing.T) {
	const several = "the images come from several commits of one dataset: give all shards of a run the same --revision"
	record := func(id redact.Field, source dataset.Source) Record {
		return Record{InstanceID: id, Phase: plan.PhaseAssemble, Status: StatusBuilt, Tags: []string{"r:a"}, SourceFields: plan.FieldsOf(source)}
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
