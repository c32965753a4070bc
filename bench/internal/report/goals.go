package report

import (
	"fmt"
	"slices"
)

// Goal is what a figure should reach, with the figure and a verdict.
type Goal struct {
	Text    string `json:"text"`
	Figure  string `json:"figure"`
	Verdict string `json:"verdict"`
}

// Verdicts.
const (
	met         = "met"
	missed      = "missed"
	notMeasured = "not measured"
)

// unmeasured returns a goal without a figure.
func unmeasured(text string, values ...any) Goal {
	return Goal{Text: fmt.Sprintf(text, values...), Verdict: notMeasured}
}

func verdict(ok bool) string {
	if ok {
		return met
	}
	return missed
}

// Missed counts the goals that were missed or not measured.
func (r *Results) Missed() (missed int) {
	for _, g := range r.Goals {
		if g.Verdict != met {
			missed++
		}
	}
	return missed
}

// goalsOf computes all goals from the medians.
func goalsOf(r *Results) []Goal {
	goals := []Goal{r.nearLowerBound(1.5)}
	for _, want := range []struct {
		variant string
		base    int
		times   float64
	}{{Direct, 200, 40}, {Direct, 16, 20}, {Engine, 200, 15}, {Engine, 16, 10}} {
		goals = append(goals, r.faster(want.variant, Docker, want.base, want.times))
	}
	goals = append(goals, r.faster(Direct, OnePass, r.CurveMB, 200), r.flat(1.2), r.linear(1.2), r.linearTo(r.Many, 1.2))
	goals = append(goals, r.memory(1.5), r.wholeCall(10))
	goals = append(goals, r.secondRun(3)...)
	goals = append(goals, r.recipes(), r.sharedBases(10))
	return append(goals, r.coldGoals()...)
}

// nearLowerBound compares the direct publisher with the least that any client can do.
func (r *Results) nearLowerBound(times float64) Goal {
	at := Point{r.Most, r.CurveMB}
	g := unmeasured("%s takes at most %g times as long as %s, %d images at %d MB", Direct, times, LowerBound, at.Images, at.BaseMB)
	direct, known := r.find(Direct, Cold, at)
	bound, knownToo := r.find(LowerBound, Cold, at)
	if known && knownToo {
		ratio := direct.each() / bound.each()
		g.Figure = fmt.Sprintf("%.2f times (%.2f s, %.2f s)", ratio, direct.AssemblySeconds, bound.AssemblySeconds)
		g.Verdict = verdict(ratio <= times)
	}
	return g
}

// faster compares the assembly time per image, and shows that of the whole call beside it.
func (r *Results) faster(variant, than string, baseMB int, times float64) Goal {
	g := unmeasured("%s is at least %g times as fast per image as %s, at %d MB", variant, times, than, baseMB)
	one, known := r.find(variant, Cold, Point{r.Most, baseMB})
	other, knownToo := r.find(than, Cold, Point{r.Most, baseMB})
	if known && knownToo {
		ratio := other.each() / one.each()
		g.Figure = fmt.Sprintf("%.1f times as fast (whole call: %.1f)", ratio, other.wholeEach()/one.wholeEach())
		g.Verdict = verdict(ratio >= times)
	}
	return g
}

// flat compares the base sizes, which were measured in turns.
func (r *Results) flat(times float64) Goal {
	g := unmeasured("%s takes equally long at all base sizes, within %.0f %%", Direct, 100*(times-1))
	var sizes []int
	var each []float64
	for _, m := range r.Medians {
		if m.Variant == Direct && m.Kind == Sizes {
			sizes, each = append(sizes, m.BaseMB), append(each, m.each())
		}
	}
	if len(each) > 1 {
		ratio := slices.Max(each) / slices.Min(each)
		g.Figure = fmt.Sprintf("the slowest size takes %.2f times as long as the fastest, %d to %d MB", ratio, slices.Min(sizes), slices.Max(sizes))
		g.Verdict = verdict(ratio <= times)
	}
	return g
}

// linear compares the time per image for the fewest and for the most images.
func (r *Results) linear(times float64) Goal {
	g := unmeasured("%s takes no longer per image for many than for few, within %.0f %%", Direct, 100*(times-1))
	few, many := Median{}, Median{}
	for _, m := range r.Medians { // They rise with the number of images.
		if m.Variant == Direct && m.Kind == Cold && m.BaseMB == r.CurveMB {
			if few.Images == 0 {
				few = m
			}
			many = m
		}
	}
	if few.Images < many.Images {
		g.Figure = fmt.Sprintf("%.1f ms for %d, %.1f ms for %d", 1000*few.each(), few.Images, 1000*many.each(), many.Images)
		g.Verdict = verdict(many.each() <= times*few.each())
	}
	return g
}

// linearTo does the same for very many images.
func (r *Results) linearTo(many int, times float64) Goal {
	g := unmeasured("%s takes no longer per image for %d than for %d, within %.0f %%", Direct, many, r.Most, 100*(times-1))
	most, known := r.find(Direct, Cold, Point{r.Most, r.CurveMB})
	longest, knownToo := r.find(Direct, Many, Point{many, r.CurveMB})
	if known && knownToo {
		g.Figure = fmt.Sprintf("%.1f ms for %d, %.1f ms for %d", 1000*most.each(), most.Images, 1000*longest.each(), longest.Images)
		g.Verdict = verdict(longest.each() <= times*most.each())
	}
	return g
}

// memory compares the peak of the module's process for very many images and for the most of the
// curve.
func (r *Results) memory(times float64) Goal {
	g := unmeasured("the process of %s needs at most %g times as much memory for %d images as for %d", Direct, times, r.Many, r.Most)
	most, _ := r.find(Direct, Cold, Point{r.Most, r.CurveMB})
	many, _ := r.find(Direct, Many, Point{r.Many, r.CurveMB})
	if most.MemoryMB > 0 && many.MemoryMB > 0 {
		g.Figure = fmt.Sprintf("%.0f MB for %d, %.0f MB for %d", most.MemoryMB, most.Images, many.MemoryMB, many.Images)
		g.Verdict = verdict(many.MemoryMB <= times*most.MemoryMB)
	}
	return g
}

// recipes counts the runs of the recipe.
func (r *Results) recipes() Goal {
	g := unmeasured("the recipe runs once for each of %d environments", Environments)
	if m, ok := r.findBases(BasesShared); ok {
		g.Figure, g.Verdict = fmt.Sprintf("%d times for %d images", m.Recipes, m.Images), verdict(m.Recipes == min(Environments, m.Images))
	}
	return g
}

// sharedBases compares the time per base image.
func (r *Results) sharedBases(times float64) Goal {
	g := unmeasured("%s is at least %g times as fast per base image as %s", BasesShared, times, BasesLong)
	shared, known := r.findBases(BasesShared)
	long, knownToo := r.findBases(BasesLong)
	if known && knownToo {
		ratio := long.each() / shared.each()
		g.Figure = fmt.Sprintf("%.0f times as fast (%s, %s)", ratio, seconds(shared.each()), seconds(long.each()))
		g.Verdict = verdict(ratio >= times)
	}
	return g
}

// wholeCall limits the time of a call with its CLI and engine.
func (r *Results) wholeCall(seconds float64) Goal {
	g := unmeasured("the whole call of %s for %d images takes under %g s", Direct, r.Most, seconds)
	if m, ok := r.find(Direct, Cold, Point{r.Most, r.CurveMB}); ok {
		g.Figure, g.Verdict = fmt.Sprintf("%.2f s", m.WholeSeconds), verdict(m.WholeSeconds < seconds)
	}
	return g
}

// secondRun limits the time of a run that finds all images, by its records and as a whole call.
func (r *Results) secondRun(seconds float64) []Goal {
	text := fmt.Sprintf("a second run over %d existing images takes under %g s", r.Present, seconds)
	records, whole := unmeasured("%s, by the records", text), unmeasured("%s, the whole call", text)
	for _, m := range r.Medians {
		if m.Variant == Direct && m.Kind == Present {
			records.Figure, records.Verdict = fmt.Sprintf("%.2f s", m.AssemblySeconds), verdict(m.AssemblySeconds < seconds)
			whole.Figure, whole.Verdict = fmt.Sprintf("%.2f s%s", m.WholeSeconds, r.besideNoOp()), verdict(m.WholeSeconds < seconds)
		}
	}
	return []Goal{records, whole}
}

// besideNoOp tells how long a call takes that does nothing.
func (r *Results) besideNoOp() string {
	for _, m := range r.Medians {
		if m.Kind == Nothing {
			return fmt.Sprintf("; a call that does nothing takes %.2f s", m.WholeSeconds)
		}
	}
	return ""
}
