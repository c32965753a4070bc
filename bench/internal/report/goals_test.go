package report

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// measured returns results with these medians, whose whole calls took four seconds more than the
// assembly.
func measured(all ...Median) *Results {
	for i := range all {
		all[i].WholeSeconds = all[i].AssemblySeconds + 4
		if all[i].Kind == "" {
			all[i].Kind = Cold
		}
	}
	return &Results{CurveMB: 16, Most: 100, Present: 500, Many: 2000, Medians: all}
}

func of(variant string, images, baseMB int, assembly float64) Median {
	return Median{Sample: Sample{Variant: variant, Images: images, BaseMB: baseMB, AssemblySeconds: assembly}}
}

func TestGoals(t *testing.T) {
	direct := of(Direct, 100, 16, 2) // 20 ms an image
	than := func(others ...Median) Goal {
		return measured(append(others, direct)...).faster(Direct, Docker, 16, 20)
	}
	flat := func(ofLargest float64) Goal {
		small, large := of(Direct, 100, 16, 2), of(Direct, 100, 400, ofLargest)
		small.Kind, large.Kind = Sizes, Sizes
		return measured(small, large, of(Direct, 100, 200, 9)).flat(1.2) // Measured at another time, so not compared.
	}
	linear := func(ofTen float64) Goal { return measured(of(Direct, 10, 16, ofTen), direct).linear(1.2) }
	for name, test := range map[string]struct {
		goal    Goal
		verdict string
		figure  string
	}{
		"near the lower bound":     {measured(direct, of(LowerBound, 100, 16, 1.4)).nearLowerBound(1.5), met, "1.43 times"},
		"far from the lower bound": {measured(direct, of(LowerBound, 100, 16, 1)).nearLowerBound(1.5), missed, "2.00 times"},
		"no lower bound":           {measured(direct).nearLowerBound(1.5), notMeasured, ""},

		"faster per image, of which there are fewer": {than(of(Docker, 10, 16, 5)), met, "25.0 times as fast (whole call: 15.0)"},
		"compared with the most images of the other": {than(of(Docker, 10, 16, 5), of(Docker, 12, 16, 3.6)), missed, "15.0 times"},
		"not fast enough":                     {than(of(Docker, 10, 16, 3)), missed, "15.0 times"},
		"no figure of the other at that size": {than(of(Docker, 10, 200, 50)), notMeasured, ""},
		"flat":                                {flat(2.3), met, "1.15 times"},
		"not flat":                            {flat(2.5), missed, "1.25 times"},
		"flat, with no turns":                 {measured(direct).flat(1.2), notMeasured, ""},
		"linear":                              {linear(0.18), met, "18.0 ms for 10, 20.0 ms for 100"},
		"slower for many":                     {linear(0.1), missed, "10.0 ms for 10"},
		"linear with one number":              {measured(direct).linear(1.2), notMeasured, ""},
		"a whole call":                        {measured(direct).wholeCall(10), met, "6.00 s"},
		"a whole call that takes longer":      {measured(direct).wholeCall(6), missed, "6.00 s"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.verdict, test.goal.Verdict, test.goal.Figure)
			assert.Contains(t, test.goal.Figure, test.figure)
		})
	}
}

func TestGoalsOfVeryManyImages(t *testing.T) {
	few, many := of(Direct, 100, 16, 1), of(Direct, 2000, 16, 23)
	many.Kind = Many
	few.MemoryMB, many.MemoryMB = 40, 59
	slow, large := many, many
	slow.AssemblySeconds, large.MemoryMB = 25, 61
	assert.Equal(t, met, measured(few, many).linearTo(2000, 1.2).Verdict)
	assert.Equal(t, missed, measured(few, slow).linearTo(2000, 1.2).Verdict)
	assert.Equal(t, met, measured(few, many).memory(1.5).Verdict)
	assert.Equal(t, missed, measured(few, large).memory(1.5).Verdict)
	assert.Equal(t, notMeasured, measured(of(Direct, 100, 16, 1), many).memory(1.5).Verdict, "unknown memory is not zero")
}

func TestGoalsOfTheBasePhase(t *testing.T) {
	base := func(variant string, images, recipes int, seconds float64) Median {
		m := of(variant, images, 0, seconds)
		m.Kind, m.Recipes = Bases, recipes
		return m
	}
	r := measured(base(BasesLong, 12, 12, 36), base(BasesShared, 100, 4, 20))
	assert.Equal(t, met, r.recipes().Verdict)
	assert.Equal(t, met, r.sharedBases(10).Verdict)
	assert.Contains(t, r.sharedBases(10).Figure, "15 times")
	assert.Equal(t, missed, r.sharedBases(16).Verdict)
	assert.Equal(t, missed, measured(base(BasesShared, 100, 5, 20)).recipes().Verdict)
}

func TestGoalsOfTheColdRun(t *testing.T) {
	shared := ColdRun{
		Variant: ColdShared, Images: 60, Environments: 6, UniqueMB: 320, LinkMB: 321, LinkRate: 8, Pulls: 60, Recipes: 1, RecipeSeconds: 10,
		BasesSeconds: 60, MemoryMB: 100, Again: &ColdAgain{},
	}
	verdicts := func(change func(*ColdRun)) (all []string) {
		changed := shared
		change(&changed)
		r := &Results{ColdRuns: []ColdRun{{Variant: ColdLong, Images: 8, BasesSeconds: 72}, changed}}
		for _, g := range r.coldGoals() {
			all = append(all, g.Verdict)
		}
		return all
	}
	for name, test := range map[string]struct {
		change func(*ColdRun)
		missed int // below zero: none
	}{
		"all are met":                          {func(*ColdRun) {}, -1},
		"layers cross the link twice":          {func(c *ColdRun) { c.LinkMB = 330 }, 0},
		"it takes longer than link and recipe": {func(c *ColdRun) { c.BasesSeconds = 66 }, 1},
		"it is not much faster":                {func(c *ColdRun) { c.BasesSeconds, c.RecipeSeconds = 70, 30 }, 2},
		"the recipe runs for each environment": {func(c *ColdRun) { c.Recipes = 6 }, 3},
		"it takes memory":                      {func(c *ColdRun) { c.MemoryMB = 151 }, 4},
		"it pulls again":                       {func(c *ColdRun) { c.Again = &ColdAgain{Pulls: 1} }, 5},
		"it pulls twice":                       {func(c *ColdRun) { c.Pulls = 61 }, 5},
	} {
		t.Run(name, func(t *testing.T) {
			want := []string{met, met, met, met, met, met}
			if test.missed >= 0 {
				want[test.missed] = missed
			}
			assert.Equal(t, want, verdicts(test.change))
		})
	}
	assert.Equal(t, notMeasured, (&Results{ColdRuns: []ColdRun{shared}}).coldGoals()[2].Verdict, "without the long way")
	assert.Contains(t, (&Results{ColdRuns: []ColdRun{shared}}).Markdown(), "behind a link of 8 MB/s")
}

func TestSecondRunShowsRecordsAndCall(t *testing.T) {
	present := of(Direct, 500, 1, 1)
	present.Kind = Present
	goals := measured(present).secondRun(3)
	require.Len(t, goals, 2)
	assert.Equal(t, met, goals[0].Verdict)
	assert.Equal(t, missed, goals[1].Verdict)
}

func TestSecondRunIsShownBesideTheNoOp(t *testing.T) {
	present, idle := of(Direct, 500, 1, 1), Median{Sample: Sample{Variant: NoOp, Kind: Nothing, WholeSeconds: 2.5}}
	present.Kind, idle.Kind = Present, Nothing
	assert.Contains(t, measured(present, idle).secondRun(3)[1].Figure, "does nothing takes 4.00 s")
	assert.NotContains(t, measured(present).secondRun(3)[1].Figure, "nothing")
}

func TestGoalsWithoutSamplesAreNotMeasured(t *testing.T) {
	for _, g := range goalsOf(measured()) {
		assert.Equal(t, notMeasured, g.Verdict, g.Text)
	}
}

func TestMissedGoals(t *testing.T) {
	goals := []Goal{{Verdict: met}, {Verdict: missed}, {Verdict: notMeasured}}
	assert.Equal(t, 2, (&Results{Goals: goals}).Missed(), "what was not measured is not met")
}
