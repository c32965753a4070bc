package report

import (
	"fmt"
	"strings"
)

// ColdRun is a run on official images behind a slow link, none of whose base images exist.
type ColdRun struct {
	Variant      string  `json:"variant"`
	Images       int     `json:"images"`
	Environments int     `json:"environments"`
	UniqueMB     float64 `json:"unique_mb"` // of layers and configs, each once
	LinkMB       float64 `json:"link_mb"`   // that crossed the link
	LinkRate     float64 `json:"link_mb_per_second"`
	Pulls        int     `json:"pulls"`
	Recipes      int     `json:"recipes"`
	// RecipeSeconds is how long the recipe ran, in all its runs together, with the publication.
	RecipeSeconds float64 `json:"recipe_seconds"`
	// BasesSeconds is from the start of the first base image to the end of the last one.
	BasesSeconds float64 `json:"bases_seconds"`
	WholeSeconds float64 `json:"whole_seconds"`
	MemoryMB     float64 `json:"memory_mb,omitempty"`
	// DiskMB is by how much the engine's cache grew.
	DiskMB float64 `json:"disk_mb"`
	// Again is the second run.
	Again *ColdAgain `json:"again,omitempty"`
}

// ColdAgain is a second run, which finds all images.
type ColdAgain struct {
	Pulls        int     `json:"pulls"`
	LinkMB       float64 `json:"link_mb"`
	WholeSeconds float64 `json:"whole_seconds"`
}

// each returns the time of the base images per image in seconds.
func (c ColdRun) each() float64 { return c.BasesSeconds / float64(c.Images) }

// floor is the least that the run can take: the link for all bytes, and the recipes that have to run.
func (c ColdRun) floor() float64 { return c.UniqueMB/c.LinkRate + c.RecipeSeconds }

// findCold returns the cold run of a variant.
func (r *Results) findCold(variant string) (ColdRun, bool) {
	for _, c := range r.ColdRuns {
		if c.Variant == variant {
			return c, true
		}
	}
	return ColdRun{}, false
}

// coldTable writes the table of the cold runs.
func (r *Results) coldTable(text *strings.Builder) {
	if len(r.ColdRuns) == 0 {
		return
	}
	fmt.Fprintf(text, "\n### Cold run: official images layered as SWE-bench's, in a registry behind a link of %g MB/s\n\n", r.ColdRuns[0].LinkRate)
	text.WriteString("| variant | images | environments | unique | over the link | pulls | runs of the recipe | base images | per image ")
	text.WriteString("| whole call | module's memory | engine's disk |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, c := range r.ColdRuns {
		memory := "–"
		if c.MemoryMB > 0 {
			memory = fmt.Sprintf("%.0f MB", c.MemoryMB)
		}
		fmt.Fprintf(text, "| %s | %d | %d | %.1f MB | %.1f MB | %d | %d | %s | %s | %s | %s | %+.0f MB |\n",
			c.Variant, c.Images, c.Environments, c.UniqueMB, c.LinkMB, c.Pulls, c.Recipes, seconds(c.BasesSeconds), seconds(c.each()),
			seconds(c.WholeSeconds), memory, c.DiskMB)
	}
}

// coldGoals are those of the cold run.
func (r *Results) coldGoals() []Goal {
	bytes := unmeasured("%s moves at most 1.02 times the unique bytes over the link", ColdShared)
	time := unmeasured("the base images of %s take at most 1.3 times as long as the link and the recipe", ColdShared)
	faster := unmeasured("%s is at least 8 times as fast per base image as %s", ColdShared, ColdLong)
	recipes := unmeasured("the recipe of %s runs once, for the system that all environments stand on", ColdShared)
	memory := unmeasured("the process of %s takes under 150 MB", ColdShared)
	pulls := unmeasured("%s pulls each official image once, and none in a second run", ColdShared)
	if c, ok := r.findCold(ColdShared); ok {
		bytes.decide(c.LinkMB/c.UniqueMB <= 1.02, "%.3f times (%.1f MB, %.1f MB)", c.LinkMB/c.UniqueMB, c.LinkMB, c.UniqueMB)
		time.decide(c.BasesSeconds/c.floor() <= 1.3, "%.2f times (%s; %s of the link and %s of the recipe)", c.BasesSeconds/c.floor(),
			seconds(c.BasesSeconds), seconds(c.UniqueMB/c.LinkRate), seconds(c.RecipeSeconds))
		recipes.decide(c.Recipes == 1, "%d times for %d images of %d environments", c.Recipes, c.Images, c.Environments)
		if c.MemoryMB > 0 {
			memory.decide(c.MemoryMB < 150, "%.0f MB", c.MemoryMB)
		}
		if c.Again != nil {
			pulls.decide(c.Pulls == c.Images && c.Again.Pulls == 0, "%d for %d images, then %d", c.Pulls, c.Images, c.Again.Pulls)
		}
		if long, ok := r.findCold(ColdLong); ok {
			ratio := long.each() / c.each()
			faster.decide(ratio >= 8, "%.1f times as fast (%s for %d images, %s for %d)", ratio,
				seconds(c.each()), c.Images, seconds(long.each()), long.Images)
		}
	}
	return []Goal{bytes, time, faster, recipes, memory, pulls}
}

// decide gives a goal its figure and verdict.
func (g *Goal) decide(ok bool, figure string, values ...any) {
	g.Figure, g.Verdict = fmt.Sprintf(figure, values...), verdict(ok)
}
