package run

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

var verified = dataset.Source{
	Name: "princeton-nlp/SWE-bench_Verified", Config: "default", Split: "test", Revision: strings.Repeat("c104f840", 5),
}

// TestARunCanBeRepeated: the plan and each record name the commit of the dataset, whatever the
// outcome of the image.
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
	planned := planOf(3)
	planned.Source = verified

	t.Run("in the plan", func(t *testing.T) {
		lines, err := planned.JSONLines()
		require.NoError(t, err)
		assertNamed(t, lines)
		assert.Contains(t, planned.Table(), "\nof the dataset princeton-nlp/SWE-bench_Verified, config default, split test, revision "+verified.Revision+"\n")
	})
	t.Run("in the pinned plan", func(t *testing.T) {
		official := &fakeRegistry{has: map[string]plan.Found{"official/i0": {Digest: "sha256:a"}, "official/i1": {Digest: "sha256:b"}, "official/i2": {Digest: "sha256:c"}}}
		pinned, err := Runner{Official: official}.Pin(context.Background(), planned)
		require.NoError(t, err)
		assert.Equal(t, verified, pinned.Source)
	})
	t.Run("in the records, also after they are merged with others", func(t *testing.T) {
		registry := withBuilder(map[string][]error{"r/base:i1": {errors.New("invalid reference format")}})
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planned)
		require.NoError(t, err)
		require.Len(t, result.Failed(), 1)
		for _, records := range [][]manifest.Record{result.Images, result.Bases, result.Builders} {
			require.NotEmpty(t, records)
			text := jsonLines(t, records)
			assertNamed(t, text)
			read, err := manifest.ReadJSONLines("m", text)
			require.NoError(t, err)
			assertNamed(t, jsonLines(t, manifest.Merge(read)))
		}
	})
}
