package dataset_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/table"
)

// many returns rows of count instances.
func many(count int) []table.Row {
	var names []string
	for i := range count {
		names = append(names, fmt.Sprintf("org__repo-%d", i))
	}
	return rowsOf(names...)
}

func resolveIDs(t *testing.T, rows []table.Row, selection dataset.Selection) []string {
	t.Helper()
	result, err := dataset.Resolve(rows, swebench(t, selection))
	require.NoError(t, err)
	return ids(result)
}

func TestSelectionOfIDsKeepsThese(t *testing.T) {
	got := resolveIDs(t, many(20), dataset.Selection{IDs: []string{"org__repo-7", "org__repo-3", "org__repo-7"}})
	assert.Equal(t, []string{"org__repo-3", "org__repo-7"}, got)
}

func TestSelectionNamesAllIDsThatTheDatasetLacks(t *testing.T) {
	_, err := dataset.Resolve(many(3), swebench(t, dataset.Selection{IDs: []string{"z__z-1", "org__repo-1", "a__a-1"}}))
	assert.EqualError(t, err, `resolving instances: selecting instances: the dataset lacks "a__a-1", "z__z-1"`)
}

func TestSelectionDoesNotFloodTheErrorWithMissingIDs(t *testing.T) {
	var missing []string
	for i := range 1000 {
		missing = append(missing, fmt.Sprintf("missing-%03d", i))
	}
	_, err := dataset.Resolve(many(3), swebench(t, dataset.Selection{IDs: missing}))
	require.ErrorContains(t, err, `"missing-019" and 980 more`)
	assert.Less(t, len(err.Error()), 1000)
}

func TestLimitDrawsFromTheSelectedInstances(t *testing.T) {
	rows := many(100)
	assert.Len(t, resolveIDs(t, rows, dataset.Selection{Limit: 10}), 10)
	assert.Len(t, resolveIDs(t, rows, dataset.Selection{Limit: 1000}), 100)
	selected := []string{"org__repo-1", "org__repo-2", "org__repo-3"}
	assert.Subset(t, selected, resolveIDs(t, rows, dataset.Selection{IDs: selected, Limit: 2}))
}

func TestLimitCountsInstancesAndNotTheImagesThatTheyShare(t *testing.T) {
	var rows []table.Row
	for i := range 30 {
		repo := fmt.Sprintf("repo-%d", i%3)
		rows = append(rows, table.Row{InstanceID: fmt.Sprintf("org__%s-%d", repo, i), Org: "org", Repo: repo})
	}
	for limit, images := range map[int]int{1: 1, 20: 3, 30: 3, 0: 3} {
		result, err := dataset.Resolve(rows, dataset.Options{
			Family: family(t, "multiswebench"), Selection: dataset.Selection{Limit: limit},
		})
		require.NoError(t, err)
		assert.Len(t, result.Instances, images, "images of %d instances", limit)
		assert.Equal(t, images, result.Total)
		drawn := limit
		if limit == 0 {
			drawn = len(rows)
		}
		assert.Len(t, ids(result), drawn)
	}
}

// The expected ids are those that pandas 1.5.3 drew: of a DataFrame with these rows, after a
// selection the rows `df[df["instance_id"].isin(ids)]`, `sample(n=limit, random_state=seed)`.
func TestLimitDrawsWhatPandasDraws(t *testing.T) {
	var thirds []string
	for i := 0; i < 100; i += 3 {
		thirds = append(thirds, fmt.Sprintf("org__repo-%d", i))
	}
	tests := map[string]struct {
		selection dataset.Selection
		drawn     []string
	}{
		"with the evaluators' seed": {
			dataset.Selection{Limit: 3, Seed: dataset.DefaultSeed}, []string{"org__repo-53", "org__repo-70", "org__repo-83"},
		},
		"with 0, which is a seed like any other": {
			dataset.Selection{Limit: 3, Seed: 0}, []string{"org__repo-2", "org__repo-26", "org__repo-86"},
		},
		"with another seed": {
			dataset.Selection{Limit: 3, Seed: 7}, []string{"org__repo-26", "org__repo-37", "org__repo-78"},
		},
		"of a selection": {
			dataset.Selection{IDs: thirds, Limit: 4, Seed: dataset.DefaultSeed},
			[]string{"org__repo-45", "org__repo-57", "org__repo-78", "org__repo-81"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.ElementsMatch(t, tt.drawn, resolveIDs(t, many(100), tt.selection))
		})
	}
}

func TestLimitCountsRowsAndDrawsThemInTheOrderOfTheDataset(t *testing.T) {
	rows := rowsOf("a__a-1", "b__b-1", "a__a-1", "c__c-1", "d__d-1", "a__a-1", "e__e-1")
	// Of seven rows, pandas draws 0, 1, 5, 2, 4, 3, 6 in this order.
	for limit, want := range map[int][]string{
		2: {"a__a-1", "b__b-1"},
		4: {"a__a-1", "b__b-1"},
		6: {"a__a-1", "b__b-1", "c__c-1", "d__d-1"},
	} {
		result, err := dataset.Resolve(rows, swebench(t, dataset.Selection{Limit: limit, Seed: dataset.DefaultSeed}))
		require.NoError(t, err)
		assert.Equal(t, want, ids(result))
		assert.Equal(t, limit-len(want), result.Duplicates)
	}
	reversed := slices.Clone(rows)
	slices.Reverse(reversed)
	assert.Equal(t, []string{"a__a-1", "e__e-1"}, resolveIDs(t, reversed, dataset.Selection{Limit: 2, Seed: dataset.DefaultSeed}))
}

func TestALargerLimitAddsToWhatASmallerOneDraws(t *testing.T) {
	rows := many(30)
	var smaller []string
	for limit := 1; limit <= 30; limit++ {
		larger := resolveIDs(t, rows, dataset.Selection{Limit: limit, Seed: 7})
		require.Len(t, larger, limit)
		require.Subset(t, larger, smaller)
		smaller = larger
	}
}

func TestShardsShareNothingAndLeaveNothingOut(t *testing.T) {
	rows := many(30)
	for _, of := range []int{1, 2, 3, 7, 8, 29, 30, 40} {
		var union []string
		for index := 1; index <= of; index++ {
			result, err := dataset.Resolve(rows, swebench(t, dataset.Selection{Shard: dataset.Shard{Index: index, Of: of}}))
			require.NoError(t, err)
			assert.Equal(t, 30, result.Total)
			assert.Len(t, result.All, 30)
			assert.InDelta(t, 30/of, len(result.Instances), 1, "shard %d/%d", index, of)
			union = append(union, ids(result)...)
		}
		slices.Sort(union)
		assert.Len(t, slices.Compact(union), 30, "%d shards", of)
	}
}

func TestShardsDivideWhatTheLimitDrew(t *testing.T) {
	rows := many(60)
	for _, limit := range []int{1, 2, 10, 59, 60, 70} {
		for _, seed := range []int{0, 42, 1<<32 - 1} {
			drawn := resolveIDs(t, rows, dataset.Selection{Limit: limit, Seed: seed})
			for _, of := range []int{1, 3, 16} {
				var union []string
				for index := 1; index <= of; index++ {
					shard := dataset.Shard{Index: index, Of: of}
					union = append(union, resolveIDs(t, rows, dataset.Selection{Limit: limit, Seed: seed, Shard: shard})...)
				}
				assert.ElementsMatch(t, drawn, union, "%d shards of %d rows drawn with seed %d", of, limit, seed)
			}
		}
	}
}

func TestAShardMayBeEmpty(t *testing.T) {
	result, err := dataset.Resolve(many(2), swebench(t, dataset.Selection{Shard: dataset.Shard{Index: 8, Of: 8}}))
	require.NoError(t, err)
	assert.Empty(t, result.Instances)
	assert.Equal(t, 2, result.Total)
}
