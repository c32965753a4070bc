package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// What a run found.
const (
	kindCold    = "cold"    // base images that nothing has seen before, and no agent image
	kindWarm    = "warm"    // base images of a run before, and no agent image
	kindPresent = "present" // all agent images
	kindSizes   = "sizes"   // base images of one size after those of another, and no agent image
	kindMany    = "many"    // base images that nothing has seen before, very many of them
	kindBases   = "bases"   // official images, and neither base images nor agent images
	kindNothing = "nothing" // nothing to do
)

// sample is one measurement. Megabytes are what passed between Docker and the registry.
type sample struct {
	Round           int     `json:"round"`
	Way             string  `json:"way"`
	Kind            string  `json:"kind"`
	BaseMB          int     `json:"base_mb"`
	Images          int     `json:"images"`
	WholeSeconds    float64 `json:"whole_seconds"`
	AssemblySeconds float64 `json:"assembly_seconds"`
	DownMB          float64 `json:"down_mb,omitempty"`
	UpMB            float64 `json:"up_mb,omitempty"`
	// MemoryMB is the most that the module's process took.
	MemoryMB float64 `json:"memory_mb,omitempty"`
	// Recipes is how often the recipe ran.
	Recipes int `json:"recipes,omitempty"`
	// Busy tells that the machine did not come to rest before.
	Busy bool `json:"busy,omitempty"`
}

// middle is the median of the samples of one way at one point: Count of them. Fastest and Slowest are of their assembly, in seconds.
type middle struct {
	sample
	Count   int     `json:"samples"`
	Fastest float64 `json:"fastest_seconds"`
	Slowest float64 `json:"slowest_seconds"`
}

// each is the assembly's time for one image, in seconds.
func (m middle) each() float64 { return m.AssemblySeconds / float64(m.Images) }

// wholeEach is the whole call's time for one image, in seconds.
func (m middle) wholeEach() float64 { return m.WholeSeconds / float64(m.Images) }

// results are all that is written down.
type results struct {
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`
	Machine machine   `json:"machine"`
	Seed    int64     `json:"seed"`
	AgentMB int       `json:"agent_mb"`
	Rounds  int       `json:"rounds"`
	CurveMB int       `json:"curve_mb"` // base size at which the number of images varies
	Most    int       `json:"most_images"`
	Present int       `json:"present_images"`
	Many    int       `json:"many_images"`
	Notes   []string  `json:"notes,omitempty"`
	Goals   []goal    `json:"goals"`
	Medians []middle  `json:"medians"`
	Samples []sample  `json:"samples"`
}

// find is the median of a way at a point, with as many images as the way was given there.
func (r *results) find(way, kind string, p point) (found middle, ok bool) {
	for _, m := range r.Medians { // They rise with the number of images.
		if m.Way == way && m.Kind == kind && m.BaseMB == p.baseMB && m.Images <= p.images {
			found, ok = m, true
		}
	}
	return found, ok
}

// findBases is the base phase as a way has it.
func (r *results) findBases(way string) (middle, bool) {
	at := slices.IndexFunc(r.Medians, func(m middle) bool { return m.Kind == kindBases && m.Way == way })
	if at < 0 {
		return middle{}, false
	}
	return r.Medians[at], true
}

// mediansOf groups samples by way and point: by kind, then base size, then number of images, then the order of ways.
func mediansOf(samples []sample) []middle {
	groups := map[sample][]sample{}
	for _, s := range samples {
		key := sample{Way: s.Way, Kind: s.Kind, BaseMB: s.BaseMB, Images: s.Images, Recipes: s.Recipes}
		groups[key] = append(groups[key], s)
	}
	var all []middle
	for key, group := range groups {
		m := middle{sample: key, Count: len(group)}
		m.WholeSeconds = median(group, func(s sample) float64 { return s.WholeSeconds })
		m.AssemblySeconds = median(group, func(s sample) float64 { return s.AssemblySeconds })
		m.DownMB = median(group, func(s sample) float64 { return s.DownMB })
		m.UpMB = median(group, func(s sample) float64 { return s.UpMB })
		m.MemoryMB = median(group, func(s sample) float64 { return s.MemoryMB })
		byAssembly := func(a, b sample) int { return cmp.Compare(a.AssemblySeconds, b.AssemblySeconds) }
		m.Fastest, m.Slowest = slices.MinFunc(group, byAssembly).AssemblySeconds, slices.MaxFunc(group, byAssembly).AssemblySeconds
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b middle) int {
		return cmp.Or(
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.BaseMB, b.BaseMB), cmp.Compare(a.Images, b.Images),
			cmp.Compare(slices.Index(allWays, a.Way), slices.Index(allWays, b.Way)),
		)
	})
	return all
}

// median of one figure; the mean of the middle two where their number is even.
func median(samples []sample, figure func(sample) float64) float64 {
	var all []float64
	for _, s := range samples {
		all = append(all, figure(s))
	}
	slices.Sort(all)
	half := len(all) / 2
	if len(all)%2 == 0 {
		return (all[half-1] + all[half]) / 2
	}
	return all[half]
}

// write writes results.json, results.md and the plots.
func (r *results) write(dir string) error {
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
	if err := os.WriteFile(filepath.Join(dir, "results.md"), []byte(r.markdown()), 0o644); err != nil {
		return err
	}
	return r.writePlots(dir)
}

// readResults reads a results.json.
func readResults(path string) (*results, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var r results
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return &r, nil
}
