package dataset_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/table"
)

// TestAnExcludedRowNeedsNoValues: neither its id nor its image is read.
func TestAnExcludedRowNeedsNoValues(t *testing.T) {
	for what, row := range map[string]table.Row{
		"an invalid id":                {InstanceID: "-rf /", ImageName: "x/b", BlankProblem: true},
		"no id at all":                 {ImageName: "x/b", BlankProblem: true},
		"no image":                     {InstanceID: "b__b.1.x__1", BlankProblem: true},
		"an invalid image":             {InstanceID: "b__b.1.x__1", ImageName: "x y", BlankProblem: true},
		"another image of the same id": {InstanceID: "a__a.1.x__1", ImageName: "x/other", BlankProblem: true},
	} {
		t.Run(what, func(t *testing.T) {
			for name, selection := range map[string]dataset.Selection{"all": {}, "the other one": {IDs: []string{"a__a.1.x__1"}}} {
				rows := []table.Row{{InstanceID: "a__a.1.x__1", ImageName: "x/a"}, row}
				result, err := dataset.Resolve(rows, dataset.Options{Family: family(t, "swesmith"), Selection: selection})
				require.NoError(t, err, name)
				assert.Equal(t, []string{"a__a.1.x__1"}, ids(result))
				assert.Equal(t, "docker.io/x/a", result.Instances[0].OfficialImage)
			}
		})
	}
}

// TestAnIDMayNameARepository: the repository decides whether the image is wrapped.
func TestAnIDMayNameARepository(t *testing.T) {
	for id, repo := range map[string]string{"sphinx-doc__sphinx-1": "sphinx-doc", "sphinx-doc": "", "a__b__c-1": "a"} {
		result, err := dataset.Resolve(
			[]table.Row{{InstanceID: id, ImageName: "x/y"}}, dataset.Options{Family: family(t, "swebench")},
		)
		require.NoError(t, err)
		assert.Equal(t, repo, result.Instances[0].Repo, id)
	}
}

func TestARowOfCommit0NeedsNoID(t *testing.T) {
	result, err := dataset.Resolve([]table.Row{{Repo: "commit-0/web3.py"}}, dataset.Options{Family: family(t, "commit0")})
	require.NoError(t, err)
	assert.Equal(t, "docker.io/wentingzhao/web3.py:v0", result.Instances[0].OfficialImage)
}

// TestAKeyReplacesAMissingID: in an object of rows. A number only counts rows.
func TestAKeyReplacesAMissingID(t *testing.T) {
	tests := map[string]struct{ content, id, says string }{
		"a key":                             {`{"a__a-1": {"repo": "a/a"}}`, "a__a-1", ""},
		"but not the row's own":             {`{"x__x-1": {"instance_id": "a__a-1"}}`, "a__a-1", ""},
		"nor one that is not text":          {`{"x__x-1": {"instance_id": 5}}`, "", `column "instance_id": the value is a number, not text`},
		"a number does not":                 {`{"0": {"repo": "a/a"}}`, "", "the instance id is missing or empty"},
		"nor does a key of a malformed row": {`{"a__a-1": {"repo": "a/a", "repo": "b/b"}}`, "", `"repo"`},
		"nor does an invalid id":            {`{"a b": {"repo": "a/a"}}`, "", `instance id "a b" has a character outside`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			rows, err := readText("d.json", test.content)
			var result dataset.Result
			if err == nil {
				result, err = dataset.Resolve(rows, dataset.Options{Family: family(t, "swebench")})
			}
			if test.says != "" {
				require.ErrorContains(t, err, test.says)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, []string{test.id}, ids(result))
		})
	}
}
