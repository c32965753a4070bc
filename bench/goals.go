package main

import (
	"fmt"
	"slices"
)

// goal is a line of the last table.
type goal struct {
	Text    string `json:"text"`
	Figure  string `json:"figure"`
	Verdict string `json:"verdict"`
}

// Verdicts on a goal.
const (
	holds       = "holds"
	holdsNot    = "does not hold"
	notMeasured = "not measured"
)

// unmeasured is a goal of which nothing is known yet.
func unmeasured(text string, values ...any) goal {
	return goal{Text: fmt.Sprintf(text, values...), Verdict: notMeasured}
}

func verdict(ok bool) string {
	if ok {
		return holds
	}
	return holdsNot
}

func missedGoals(goals []goal) (missed int) {
	for _, g := range goals {
		if g.Verdict != holds {
			missed++
		}
	}
	return missed
}

// goalsOf computes all goals from the medians.
func goalsOf(r *results) []goal {
	goals := []goal{r.nearFloor(1.5)}
	for _, want := range []struct {
		way   string
		base  int
		times float64
	}{{wayDirect, 200, 40}, {wayDirect, 16, 20}, {wayEngine, 200, 15}, {wayEngine, 16, 10}} {
		goals = append(goals, r.quicker(want.way, wayOrigin, want.base, want.times))
	}
	goals = append(goals, r.quicker(wayDirect, wayOnePass, r.CurveMB, 200), r.flat(1.2), r.linear(1.2), r.linearTo(r.Many, 1.2), r.memory(1.5))
	goals = append(append(goals, r.wholeCall(10)), r.secondRun(3)...)
	return append(goals, r.recipes(), r.sharedBases(10))
}

func (r *results) nearFloor(times float64) goal {
	at := point{r.Most, r.CurveMB}
	g := unmeasured("%s takes at most %g times the floor, %d images at %d MB", wayDirect, times, at.images, at.baseMB)
	direct, known := r.find(wayDirect, kindCold, at)
	floor, knownToo := r.find(wayFloor, kindCold, at)
	if known && knownToo {
		ratio := direct.each() / floor.each()
		g.Figure = fmt.Sprintf("%.2f times (%.2f s, %.2f s)", ratio, direct.AssemblySeconds, floor.AssemblySeconds)
		g.Verdict = verdict(ratio <= times)
	}
	return g
}

// quicker compares the time per image; that of the whole call is shown with it.
func (r *results) quicker(way, than string, baseMB int, times float64) goal {
	g := unmeasured("an image of %s is at least %g times as quick as one of %s, at %d MB", way, times, than, baseMB)
	one, known := r.find(way, kindCold, point{r.Most, baseMB})
	other, knownToo := r.find(than, kindCold, point{r.Most, baseMB})
	if known && knownToo {
		ratio := other.each() / one.each()
		g.Figure = fmt.Sprintf("%.1f times as quick (whole call: %.1f)", ratio, other.wholeEach()/one.wholeEach())
		g.Verdict = verdict(ratio >= times)
	}
	return g
}

// flat compares the base sizes, measured in turns.
func (r *results) flat(times float64) goal {
	g := unmeasured("%s takes the same for all base sizes, within %.0f %%", wayDirect, 100*(times-1))
	var sizes []int
	var each []float64
	for _, m := range r.Medians {
		if m.Way == wayDirect && m.Kind == kindSizes {
			sizes, each = append(sizes, m.BaseMB), append(each, m.each())
		}
	}
	if len(each) > 1 {
		ratio := slices.Max(each) / slices.Min(each)
		g.Figure = fmt.Sprintf("the slowest %.2f times the fastest, %d to %d MB", ratio, slices.Min(sizes), slices.Max(sizes))
		g.Verdict = verdict(ratio <= times)
	}
	return g
}

// linear compares the time per image of the fewest and of the most images.
func (r *results) linear(times float64) goal {
	g := unmeasured("an image of %s takes no longer among many, within %.0f %%", wayDirect, 100*(times-1))
	few, many := middle{}, middle{}
	for _, m := range r.Medians { // They rise with the number of images.
		if m.Way == wayDirect && m.Kind == kindCold && m.BaseMB == r.CurveMB {
			if few.Images == 0 {
				few = m
			}
			many = m
		}
	}
	if few.Images < many.Images {
		g.Figure = fmt.Sprintf("%.1f ms among %d, %.1f ms among %d", 1000*few.each(), few.Images, 1000*many.each(), many.Images)
		g.Verdict = verdict(many.each() <= times*few.each())
	}
	return g
}

// linearTo compares the time per image of very many with that of the most of the curve.
func (r *results) linearTo(many int, times float64) goal {
	g := unmeasured("an image of %s takes no longer among %d, within %.0f %%", wayDirect, many, 100*(times-1))
	most, known := r.find(wayDirect, kindCold, point{r.Most, r.CurveMB})
	longest, knownToo := r.find(wayDirect, kindMany, point{many, r.CurveMB})
	if known && knownToo {
		g.Figure = fmt.Sprintf("%.1f ms among %d, %.1f ms among %d", 1000*most.each(), most.Images, 1000*longest.each(), longest.Images)
		g.Verdict = verdict(longest.each() <= times*most.each())
	}
	return g
}

// memory compares what the module's process takes for very many images with what it takes for the most of the curve.
func (r *results) memory(times float64) goal {
	g := unmeasured("the process of %s takes no more than %g times as much memory for %d images as for %d", wayDirect, times, r.Many, r.Most)
	most, _ := r.find(wayDirect, kindCold, point{r.Most, r.CurveMB})
	many, _ := r.find(wayDirect, kindMany, point{r.Many, r.CurveMB})
	if most.MemoryMB > 0 && many.MemoryMB > 0 {
		g.Figure = fmt.Sprintf("%.0f MB for %d, %.0f MB for %d", most.MemoryMB, most.Images, many.MemoryMB, many.Images)
		g.Verdict = verdict(many.MemoryMB <= times*most.MemoryMB)
	}
	return g
}

// recipes counts them.
func (r *results) recipes() goal {
	g := unmeasured("the recipe runs once for each of %d environments", environments)
	if m, ok := r.findBases(wayShared); ok {
		g.Figure, g.Verdict = fmt.Sprintf("%d times for %d images", m.Recipes, m.Images), verdict(m.Recipes == min(environments, m.Images))
	}
	return g
}

// sharedBases compares the base phase's time per image.
func (r *results) sharedBases(times float64) goal {
	g := unmeasured("a base image of %s is at least %g times as quick as one of %s", wayShared, times, wayLong)
	shared, known := r.findBases(wayShared)
	long, knownToo := r.findBases(wayLong)
	if known && knownToo {
		ratio := long.each() / shared.each()
		g.Figure = fmt.Sprintf("%.0f times as quick (%s, %s)", ratio, seconds(shared.each()), seconds(long.each()))
		g.Verdict = verdict(ratio >= times)
	}
	return g
}

func (r *results) wholeCall(seconds float64) goal {
	g := unmeasured("the whole call of %s for %d images takes under %g s", wayDirect, r.Most, seconds)
	if m, ok := r.find(wayDirect, kindCold, point{r.Most, r.CurveMB}); ok {
		g.Figure, g.Verdict = fmt.Sprintf("%.2f s", m.WholeSeconds), verdict(m.WholeSeconds < seconds)
	}
	return g
}

func (r *results) secondRun(seconds float64) []goal {
	text := fmt.Sprintf("a second run over %d present images takes under %g s", r.Present, seconds)
	records, whole := unmeasured("%s, by the records", text), unmeasured("%s, the whole call", text)
	for _, m := range r.Medians {
		if m.Way == wayDirect && m.Kind == kindPresent {
			records.Figure, records.Verdict = fmt.Sprintf("%.2f s", m.AssemblySeconds), verdict(m.AssemblySeconds < seconds)
			whole.Figure, whole.Verdict = fmt.Sprintf("%.2f s%s", m.WholeSeconds, r.besideNothing()), verdict(m.WholeSeconds < seconds)
		}
	}
	return []goal{records, whole}
}

// besideNothing says what a call costs that does nothing.
func (r *results) besideNothing() string {
	for _, m := range r.Medians {
		if m.Kind == kindNothing {
			return fmt.Sprintf("; a call of a module that does nothing takes %.2f s", m.WholeSeconds)
		}
	}
	return ""
}
