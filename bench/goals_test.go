package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// measured are medians of runs of which the assembly took so many seconds, and the whole call four more.
func measured(all ...middle) *results {
	for i := range all {
		all[i].WholeSeconds = all[i].AssemblySeconds + 4
		if all[i].Kind == "" {
			all[i].Kind = kindCold
		}
	}
	return &results{CurveMB: 16, Most: 100, Present: 500, Many: 2000, Medians: all}
}

func of(way string, images, baseMB int, assembly float64) middle {
	return middle{sample: sample{Way: way, Images: images, BaseMB: baseMB, AssemblySeconds: assembly}}
}

func TestGoals(t *testing.T) {
	direct := of(wayDirect, 100, 16, 2) // 20 ms an image
	than := func(origins ...middle) goal {
		return measured(append(origins, direct)...).quicker(wayDirect, wayOrigin, 16, 20)
	}
	flat := func(ofLargest float64) goal {
		small, large := of(wayDirect, 100, 16, 2), of(wayDirect, 100, 400, ofLargest)
		small.Kind, large.Kind = kindSizes, kindSizes
		return measured(small, large, of(wayDirect, 100, 200, 9)).flat(1.2) // Measured at another time, so not compared.
	}
	linear := func(ofTen float64) goal { return measured(of(wayDirect, 10, 16, ofTen), direct).linear(1.2) }
	for name, test := range map[string]struct {
		goal    goal
		verdict string
		figure  string
	}{
		"near the floor":     {measured(direct, of(wayFloor, 100, 16, 1.4)).nearFloor(1.5), holds, "1.43 times"},
		"far from the floor": {measured(direct, of(wayFloor, 100, 16, 1)).nearFloor(1.5), holdsNot, "2.00 times"},
		"no floor":           {measured(direct).nearFloor(1.5), notMeasured, ""},

		"quicker by image, of which there are not as many":  {than(of(wayOrigin, 10, 16, 5)), holds, "25.0 times as quick (whole call: 15.0)"},
		"quicker than the most of them":                     {than(of(wayOrigin, 10, 16, 5), of(wayOrigin, 12, 16, 3.6)), holdsNot, "15.0 times"},
		"not quick enough":                                  {than(of(wayOrigin, 10, 16, 3)), holdsNot, "15.0 times"},
		"quicker, with no figure of the other at that size": {than(of(wayOrigin, 10, 200, 50)), notMeasured, ""},
		"flat":                        {flat(2.3), holds, "1.15 times"},
		"not flat":                    {flat(2.5), holdsNot, "1.25 times"},
		"flat, with no turns":         {measured(direct).flat(1.2), notMeasured, ""},
		"linear":                      {linear(0.18), holds, "18.0 ms among 10, 20.0 ms among 100"},
		"slower among many":           {linear(0.1), holdsNot, "10.0 ms among 10"},
		"linear with one number":      {measured(direct).linear(1.2), notMeasured, ""},
		"a whole call":                {measured(direct).wholeCall(10), holds, "6.00 s"},
		"a whole call that is slower": {measured(direct).wholeCall(6), holdsNot, "6.00 s"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.verdict, test.goal.Verdict, test.goal.Figure)
			assert.Contains(t, test.goal.Figure, test.figure)
		})
	}
}

func TestGoalsOfVeryManyImages(t *testing.T) {
	few, many := of(wayDirect, 100, 16, 1), of(wayDirect, 2000, 16, 23)
	many.Kind = kindMany
	few.MemoryMB, many.MemoryMB = 40, 59
	slow, large := many, many
	slow.AssemblySeconds, large.MemoryMB = 25, 61
	assert.Equal(t, holds, measured(few, many).linearTo(2000, 1.2).Verdict)
	assert.Equal(t, holdsNot, measured(few, slow).linearTo(2000, 1.2).Verdict)
	assert.Equal(t, holds, measured(few, many).memory(1.5).Verdict)
	assert.Equal(t, holdsNot, measured(few, large).memory(1.5).Verdict)
	assert.Equal(t, notMeasured, measured(of(wayDirect, 100, 16, 1), many).memory(1.5).Verdict, "memory that nobody saw is no memory of zero")
}

func TestGoalsOfTheBasePhase(t *testing.T) {
	base := func(way string, images, recipes int, seconds float64) middle {
		m := of(way, images, 0, seconds)
		m.Kind, m.Recipes = kindBases, recipes
		return m
	}
	r := measured(base(wayLong, 12, 12, 36), base(wayShared, 100, 4, 20))
	assert.Equal(t, holds, r.recipes().Verdict)
	assert.Equal(t, holds, r.sharedBases(10).Verdict)
	assert.Contains(t, r.sharedBases(10).Figure, "15 times")
	assert.Equal(t, holdsNot, r.sharedBases(16).Verdict)
	assert.Equal(t, holdsNot, measured(base(wayShared, 100, 5, 20)).recipes().Verdict)
}

func TestSecondRunShowsRecordsAndCall(t *testing.T) {
	present := of(wayDirect, 500, 1, 1)
	present.Kind = kindPresent
	goals := measured(present).secondRun(3)
	require.Len(t, goals, 2)
	assert.Equal(t, holds, goals[0].Verdict)
	assert.Equal(t, holdsNot, goals[1].Verdict)
}

func TestSecondRunIsShownBesideACallThatDoesNothing(t *testing.T) {
	present, idle := of(wayDirect, 500, 1, 1), middle{sample: sample{Way: wayNothing, Kind: kindNothing, WholeSeconds: 2.5}}
	present.Kind, idle.Kind = kindPresent, kindNothing
	assert.Contains(t, measured(present, idle).secondRun(3)[1].Figure, "does nothing takes 4.00 s")
	assert.NotContains(t, measured(present).secondRun(3)[1].Figure, "nothing")
}

func TestGoalsOfNothingAreNotMeasured(t *testing.T) {
	for _, g := range goalsOf(measured()) {
		assert.Equal(t, notMeasured, g.Verdict, g.Text)
	}
}

func TestMissedGoals(t *testing.T) {
	goals := []goal{{Verdict: holds}, {Verdict: holdsNot}, {Verdict: notMeasured}}
	assert.Equal(t, 2, missedGoals(goals), "what was not measured is not reached")
}
