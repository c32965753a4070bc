package report

import (
	"fmt"
	"strings"
)

// tables lists the kinds that have a table, in the order of results.md.
var tables = []struct{ kind, title string }{
	{Cold, "New base images"},
	{Warm, "The same base images again, into a new repository"},
	{Sizes, "All base sizes in turns"},
	{Present, "Second run: all agent images exist"},
	{Many, "Very many images"},
}

// Markdown returns the content of results.md.
func (r *Results) Markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "Measured on %s on %s. Agent layer of %d MB. Medians of %d round(s), or of as many runs as the table tells.\n",
		r.Started.Format("2006-01-02"), r.Machine, r.AgentMB, r.Rounds)
	for _, t := range tables {
		r.table(&text, t.kind, t.title)
	}
	r.basesTable(&text)
	r.coldTable(&text)
	text.WriteString("\n### Goals\n\n| goal | figure | |\n|---|---|---|\n")
	for _, g := range r.Goals {
		fmt.Fprintf(&text, "| %s | %s | %s |\n", g.Text, g.Figure, g.Verdict)
	}
	text.WriteString("\n### Method\n\n")
	for _, note := range append(r.method(), r.Notes...) {
		fmt.Fprintf(&text, "- %s\n", note)
	}
	return text.String()
}

func (r *Results) table(text *strings.Builder, kind, title string) {
	var rows []Median
	for _, m := range r.Medians {
		if m.Kind == kind {
			rows = append(rows, m)
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(text, "\n### %s\n\n", title)
	text.WriteString("| base | variant | images | runs | assembly | fastest – slowest | per image ")
	text.WriteString("| whole call | per image | Docker's traffic per image | module's memory |\n")
	text.WriteString("|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, m := range rows {
		traffic, extremes, memory := "–", "–", "–"
		if m.MemoryMB > 0 {
			memory = fmt.Sprintf("%.0f MB", m.MemoryMB)
		}
		if m.Count > 1 {
			extremes = seconds(m.Fastest) + " – " + seconds(m.Slowest)
		}
		if m.DownMB+m.UpMB > 0 {
			traffic = fmt.Sprintf("%.0f MB down, %.0f MB up", m.DownMB/float64(m.Images), m.UpMB/float64(m.Images))
		}
		fmt.Fprintf(text, "| %d MB | %s | %d | %d | %s | %s | %s | %s | %s | %s | %s |\n",
			m.BaseMB, m.Variant, m.Images, m.Count, seconds(m.AssemblySeconds), extremes, seconds(m.each()),
			seconds(m.WholeSeconds), seconds(m.wholeEach()), traffic, memory)
	}
}

// basesTable writes the table of the base phase, which has columns of its own.
func (r *Results) basesTable(text *strings.Builder) {
	header := fmt.Sprintf("\n### Base phase: the sample SDK's recipe, which installs packages, on official images of %d environments\n\n"+
		"| variant | images | runs of the recipe | base images | per image | whole call |\n|---|--:|--:|--:|--:|--:|\n", Environments)
	for _, m := range r.Medians {
		if m.Kind == Bases {
			fmt.Fprintf(text, "%s| %s | %d | %d | %s | %s | %s |\n", header, m.Variant, m.Images, m.Recipes,
				seconds(m.AssemblySeconds), seconds(m.each()), seconds(m.WholeSeconds))
			header = ""
		}
	}
}

// seconds formats a duration: "1.23 s", "45.6 ms".
func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.1f ms", 1000*s)
	}
	return fmt.Sprintf("%.2f s", s)
}
