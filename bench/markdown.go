package main

import (
	"fmt"
	"strings"
)

// kinds are the tables, in their order, with what they show.
var kinds = []struct{ kind, title string }{
	{kindCold, "Base images that nothing has seen before"},
	{kindWarm, "The same base images again, in a new repository"},
	{kindSizes, "All base sizes in turns"},
	{kindPresent, "A second run: all agent images are there"},
	{kindMany, "Very many images"},
}

// markdown is the results for people.
func (r *results) markdown() string {
	var text strings.Builder
	fmt.Fprintf(&text, "Measured on %s on %s. Medians of %d round(s), or of as many runs as the table says; agent layer of %d MB.\n",
		r.Started.Format("2006-01-02"), r.Machine, r.Rounds, r.AgentMB)
	for _, k := range kinds {
		r.table(&text, k.kind, k.title)
	}
	r.basesTable(&text)
	text.WriteString("\n### Goals\n\n| goal | figure | |\n|---|---|---|\n")
	for _, g := range r.Goals {
		fmt.Fprintf(&text, "| %s | %s | %s |\n", g.Text, g.Figure, g.Verdict)
	}
	text.WriteString("\n### What was measured\n\n")
	for _, note := range append(notes(r), r.Notes...) {
		fmt.Fprintf(&text, "- %s\n", note)
	}
	return text.String()
}

func (r *results) table(text *strings.Builder, kind, title string) {
	var rows []middle
	for _, m := range r.Medians {
		if m.Kind == kind {
			rows = append(rows, m)
		}
	}
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(text, "\n### %s\n\n", title)
	text.WriteString("| base | way | images | runs | assembly | fastest – slowest | an image | whole call | an image ")
	text.WriteString("| Docker's traffic an image | module's memory |\n")
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
		fmt.Fprintf(text, "| %d MB | %s | %d | %d | %s | %s | %s | %s | %s | %s | %s |\n", m.BaseMB, m.Way, m.Images, m.Count,
			seconds(m.AssemblySeconds), extremes, seconds(m.each()), seconds(m.WholeSeconds), seconds(m.wholeEach()), traffic, memory)
	}
}

// basesTable is about the base phase, which no other way has.
func (r *results) basesTable(text *strings.Builder) {
	header := "\n### The base phase: the sample SDK's recipe, which installs packages, on official images of 4 environments\n\n" +
		"| way | images | runs of the recipe | base images | an image | whole call |\n|---|--:|--:|--:|--:|--:|\n"
	for _, m := range r.Medians {
		if m.Kind == kindBases {
			fmt.Fprintf(text, "%s| %s | %d | %d | %s | %s | %s |\n", header, m.Way, m.Images, m.Recipes,
				seconds(m.AssemblySeconds), seconds(m.each()), seconds(m.WholeSeconds))
			header = ""
		}
	}
}

// seconds is a duration for people: "1.23 s", "45.6 ms".
func seconds(s float64) string {
	if s < 1 {
		return fmt.Sprintf("%.1f ms", 1000*s)
	}
	return fmt.Sprintf("%.2f s", s)
}

// notes say what the figures are, and what they are not.
func notes(r *results) []string {
	return []string{
		"origin: a thin Dockerfile for each image, `docker build` with the classic builder and `docker push`, " +
			"12 at a time. The base images are not in Docker's store; the builder is.",
		"one-pass: the sample SDK's whole Dockerfile for each image, with `docker build --no-cache` and `docker push`, in the first round " +
			"only. Cache mounts are left out, as the classic builder has none. Its official images are Debian (69 MB) with the base size on top; " +
			"a Docker that runs the local engine may have that Debian already, and then does not pull it.",
		"module/engine and module/direct: `dagger call … assemble-all --publish` with that publisher. Assembly is the time from the first " +
			"agent image's start to the last one's end, by the manifest. The whole call is that and all that the CLI and the engine do around it.",
		"floor: the least requests that any client needs, 12 images at a time: no checks, no retries, no records.",
		"For origin, one-pass and floor the whole and the assembly are the same.",
		"Builder, agent layer and base images are made before, and the module is compiled. Base images have the layer that the module's recipe " +
			"adds and new random data below it, which neither Docker nor the engine has seen. Of their size all but 1 MB (or a quarter, if that " +
			"is less) is one layer in common, so that a disk holds them.",
		"origin pulls the layer in common, and pushes the agent layer, once in a run of few images: over more images that costs each of them " +
			"less, and with nothing in common it would cost each of them all of it.",
		"cold: the first run on such base images of each way. warm: the module once more on the same ones. The agent repository is new in both.",
		fmt.Sprintf("sizes: the same %d images of each base size again and again, the sizes in turns, so that what the machine does meanwhile falls "+
			"on all of them alike. Nothing has seen the base images before the first turn; the agent repository is new each time.", r.Most),
		"present: measured at the beginning, in turns with the module that does nothing. Every call takes longer in an engine whose cache " +
			"holds much, as it does at the end.",
		"many: each quick way in turns, as often as there are rounds, on base images whose own layers are smaller. The module's memory is the " +
			"peak of the resident set of its process (VmHWM), looked at from outside.",
		"bases: `--share-bases trusted` and `--share-bases never`, with the direct publisher, once each. The time is that from the first base " +
			"image's start to the last one's end, by the manifest; agent images are made meanwhile. Official images are Debian, a layer for each " +
			"environment and one of each image's own. What Debian's mirror does is in the figures.",
		"nothing: `dagger call` of a module that has a constructor and a function and does nothing, called in the same way: the part of a whole " +
			"call that no module can do without.",
		"Random data does not compress. The registry is on the same machine, so that a network costs nothing.",
		"Ways take turns in each round, beginning with another one each time. " + restNote(r),
		fmt.Sprintf("The benchmark took %.1f minutes. All single measurements: results.json.", r.Seconds/60),
	}
}

// restNote says how much of what was measured had the machine to itself.
func restNote(r *results) string {
	busy := 0
	for _, s := range r.Samples {
		if s.Busy {
			busy++
		}
	}
	return fmt.Sprintf("Each run waits until the machine is at rest (%d s with the processors idle for %.0f %%; %.0f s at most): %d of %d runs began although it was not.",
		restSeconds, 100*restShare, restLimit.Seconds(), busy, len(r.Samples))
}
