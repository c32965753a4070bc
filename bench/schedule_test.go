package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPoints(t *testing.T) {
	o, err := parseOptions([]string{"-images", "100,10,50", "-base-mb", "400,1,16"})
	require.NoError(t, err)
	assert.Equal(t, []point{{100, 1}, {100, 16}, {100, 400}, {10, 16}, {50, 16}}, o.points(), "each once, the slow ones not first")
}

func TestWaysAt(t *testing.T) {
	o, err := parseOptions([]string{"-images", "10,50,100", "-origin-images", "12"})
	require.NoError(t, err)
	all := []string{wayOrigin, wayEngine, wayDirect, wayFloor}
	for name, test := range map[string]struct {
		at    point
		round int
		want  []string
	}{
		"the most images, the slow way as many as it makes": {point{100, 16}, 0, all},
		"few images": {point{10, 16}, 0, all},
		"the slow way does not make the same again": {point{50, 16}, 0, all[1:]},
		"a round later another way is first":        {point{10, 16}, 1, []string{wayEngine, wayDirect, wayFloor, wayOrigin}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, o.waysAt(test.at, test.round))
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

func TestOptionsRefuse(t *testing.T) {
	for name, args := range map[string][]string{
		"a way that there is not": {"-ways", "magic"},
		"no images":               {"-images", "0"},
		"a size that is a word":   {"-base-mb", "16,large"},
		"no rounds":               {"-rounds", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseOptions(args)
			assert.Error(t, err)
		})
	}
}

func TestClassicDockerfile(t *testing.T) {
	const text = `FROM a AS b
RUN --mount=type=cache,target=/x,sharing=locked \
    --mount=type=cache,target=/y \
    apt-get update
`
	assert.Equal(t, "FROM a AS b\nLABEL k=v\nRUN apt-get update\n", classic(text, "k=v"))
}
