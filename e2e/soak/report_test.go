package soak

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// String tells of the run in one line.
func (r *soakRun) String() string {
	end := "exit 0"
	if r.exit != 0 {
		end, _, _ = strings.Cut(r.message, "\n")
		end = fmt.Sprintf("exit %d: %.120s", r.exit, end)
	}
	return fmt.Sprintf("%.1f s, made %d, failed %d (%d of them landed), client %d requests with %d faults, at most %d open; engine %d requests; "+
		"%.1f MB while it made images, %.1f MB at most, %d connections; %s",
		r.duration.Seconds(), r.made, len(r.failed), r.landed, r.storm.asked, r.storm.faults, r.storm.most, r.storm.engineAsked,
		mb(r.makingKB()), mb(r.usage.peakKB), r.usage.connections, end)
}

func mb(kb int) float64 { return float64(kb) / 1024 }

// writeReport writes the figures of the soak, as tables.
func (s *soak) writeReport(t *testing.T) {
	t.Helper()
	if *soakReport == "" {
		return
	}
	require.NoError(t, os.WriteFile(*soakReport, []byte(s.report()), 0o644))
}

func (s *soak) report() string {
	var text strings.Builder
	line := func(format string, values ...any) { fmt.Fprintf(&text, format+"\n", values...) }
	line("Seed %d, %d images a round, %d of them on base images to be built, faults for %.1f %% of the requests.\n",
		*soakSeed, *soakImages, *soakBases, 100**soakShare)
	line("| round | runs | time | requests | faults | failed in the first run that began | of those there, the answer lost | did not begin | memory while images are made | at most |")
	line("|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	struck := map[string]int{}
	for number, r := range s.rounds {
		failed := -1
		var seconds float64
		var asked, faults, landed, idle, making, peak int
		for _, run := range r.runs {
			seconds += run.duration.Seconds()
			asked += run.storm.asked + run.storm.engineAsked
			landed += run.landed
			making, peak = max(making, run.makingKB()), max(peak, run.usage.peakKB)
			if !run.began() {
				idle++
			} else if failed < 0 {
				failed = len(run.failed)
			}
			for name, n := range run.storm.struck {
				struck[name] += n
				faults += n
			}
		}
		line("| %d | %d | %.0f s | %d | %d | %d | %d | %d | %.1f MB | %.1f MB |",
			number+1, len(r.runs), seconds, asked, faults, failed, landed, idle, mb(making), mb(peak))
	}
	line("\n| fault | times |\n|---|---:|")
	for _, name := range slices.Sorted(maps.Keys(struck)) {
		line("| %s | %d |", name, struck[name])
	}
	if len(s.memory) > 0 {
		line("\n| images, without faults | requests | memory while they are made | with the manifest, at the end |\n|---:|---:|---:|---:|")
	}
	for _, r := range s.memory {
		run := r.last()
		line("| %d | %d | %.1f MB | %.1f MB |", len(r.ids), run.storm.asked, mb(run.makingKB()), mb(run.usage.peakKB))
	}
	return text.String()
}
