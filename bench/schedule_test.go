package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"eval-images/bench/internal/report"
)

func at(images, baseMB int) report.Point { return report.Point{Images: images, BaseMB: baseMB} }

func TestPoints(t *testing.T) {
	o, err := parseOptions([]string{"-images", "100,10,50", "-base-mb", "400,1,16"})
	require.NoError(t, err)
	assert.Equal(t, []report.Point{at(100, 1), at(100, 16), at(100, 400), at(10, 16), at(50, 16)}, o.points(), "each once, at the most images first")
}

func TestVariantsAt(t *testing.T) {
	o, err := parseOptions([]string{"-images", "10,50,100", "-docker-images", "12"})
	require.NoError(t, err)
	all := []string{report.Docker, report.Engine, report.Direct, report.LowerBound}
	for name, test := range map[string]struct {
		at    report.Point
		round int
		want  []string
	}{
		"at the most images, slow variants make fewer": {at(100, 16), 0, all},
		"few images": {at(10, 16), 0, all},
		"a slow variant does not make the same number again": {at(50, 16), 0, all[1:]},
		"the next round begins with another variant":         {at(10, 16), 1, []string{report.Engine, report.Direct, report.LowerBound, report.Docker}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, o.variantsAt(test.at, test.round))
		})
	}
}

func TestSizeTurns(t *testing.T) {
	o, err := parseOptions([]string{"-base-mb", "1,16,400"})
	require.NoError(t, err)
	places := map[[2]int]int{}
	for _, turn := range o.sizeTurns() {
		for place, size := range turn {
			places[[2]int{size, place}]++
		}
	}
	require.Len(t, places, 9)
	for at, times := range places {
		assert.Equal(t, turnsAt, times, "%d MB at place %d", at[0], at[1])
	}
	assert.Equal(t, []int{1, 16, 400}, o.baseMB)
}
