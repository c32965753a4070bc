package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"eval-images/bench/internal/report"
)

func TestOptionsRefuse(t *testing.T) {
	for name, args := range map[string][]string{
		"an unknown variant":    {"-variants", "magic"},
		"no images":             {"-images", "0"},
		"a size that is a word": {"-base-mb", "16,large"},
		"no rounds":             {"-rounds", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseOptions(args)
			assert.Error(t, err)
		})
	}
}

func TestQuickKeepsTheCommittedResults(t *testing.T) {
	o, err := parseOptions([]string{"-quick"})
	require.NoError(t, err)
	assert.Equal(t, "../out/bench", o.out)
	assert.Equal(t, []int{5}, o.images)
	assert.NotContains(t, o.variants, report.OnePass)
}
