// Package report holds what a benchmark measured, and writes it as JSON, Markdown and plots.
package report

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"eval-images/bench/internal/machine"
)

// Kinds of measurement.
const (
	Cold    = "cold"    // first run on new base images; no agent image exists
	Warm    = "warm"    // second run on the same base images; no agent image exists
	Present = "present" // all agent images exist
	Sizes   = "sizes"   // all base sizes in turns; no agent image exists
	Many    = "many"    // very many new base images
	Bases   = "bases"   // official images only; neither base nor agent images exist
	Nothing = "no-op"   // nothing to do
)

// Sample is one measurement. Megabytes are a million bytes.
type Sample struct {
	Round           int     `json:"round"`
	Variant         string  `json:"variant"`
	Kind            string  `json:"kind"`
	BaseMB          int     `json:"base_mb"`
	Images          int     `json:"images"`
	WholeSeconds    float64 `json:"whole_seconds"`
	AssemblySeconds float64 `json:"assembly_seconds"`
	// DownMB and UpMB passed between Docker and the registry.
	DownMB float64 `json:"down_mb,omitempty"`
	UpMB   float64 `json:"up_mb,omitempty"`
	// MemoryMB is the peak of the module's process; 0 if unknown.
	MemoryMB float64 `json:"memory_mb,omitempty"`
	// Recipes counts the runs of the recipe.
	Recipes int `json:"recipes,omitempty"`
	// Busy marks a run that began before the machine was idle.
	Busy bool `json:"busy,omitempty"`
}

// Results is the content of results.json.
type Results struct {
	Started time.Time           `json:"started"`
	Seconds float64             `json:"seconds"`
	Machine machine.Description `json:"machine"`
	Seed    int64               `json:"seed"`
	AgentMB int                 `json:"agent_mb"`
	Rounds  int                 `json:"rounds"`
	// CurveMB is the base size at which the number of images varies.
	CurveMB int `json:"curve_mb"`
	// Most is the number of images at which the base size varies.
	Most    int      `json:"most_images"`
	Present int      `json:"present_images"`
	Many    int      `json:"many_images"`
	Notes   []string `json:"notes,omitempty"`
	Goals   []Goal   `json:"goals"`
	Medians []Median `json:"medians"`
	Samples []Sample `json:"samples"`
	// ColdRuns are runs on official images in another registry.
	ColdRuns []ColdRun `json:"cold_runs,omitempty"`
}

// Finish computes medians and goals from the samples.
func (r *Results) Finish() {
	r.Medians = mediansOf(r.Samples)
	r.Goals = goalsOf(r)
}

// Point is a combination of base size and number of images at which variants are compared.
type Point struct{ Images, BaseMB int }

// find returns the median of a variant at a base size, with the most images up to the point's.
func (r *Results) find(variant, kind string, p Point) (found Median, ok bool) {
	for _, m := range r.Medians { // They rise with the number of images.
		if m.Variant == variant && m.Kind == kind && m.BaseMB == p.BaseMB && m.Images <= p.Images {
			found, ok = m, true
		}
	}
	return found, ok
}

// findBases returns the median of a variant's base phase.
func (r *Results) findBases(variant string) (Median, bool) {
	at := slices.IndexFunc(r.Medians, func(m Median) bool { return m.Kind == Bases && m.Variant == variant })
	if at < 0 {
		return Median{}, false
	}
	return r.Medians[at], true
}

// Read reads the results.json of a directory.
func Read(dir string) (*Results, error) {
	path := filepath.Join(dir, "results.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r Results
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return &r, nil
}

// Write writes results.json and all that [Results.Render] writes.
func (r *Results) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "results.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	return r.Render(dir)
}

// Render writes results.md and the plots.
func (r *Results) Render(dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "results.md"), []byte(r.Markdown()), 0o644); err != nil {
		return err
	}
	return r.writePlots(dir)
}
