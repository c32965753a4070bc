package report

import (
	"cmp"
	"slices"
)

// Median is the median of Count samples of one variant at one point. Fastest and Slowest bound
// their assembly times.
type Median struct {
	Sample
	Count   int     `json:"samples"`
	Fastest float64 `json:"fastest_seconds"`
	Slowest float64 `json:"slowest_seconds"`
}

// each returns the assembly time per image in seconds.
func (m Median) each() float64 { return m.AssemblySeconds / float64(m.Images) }

// wholeEach returns the time of the whole call per image in seconds.
func (m Median) wholeEach() float64 { return m.WholeSeconds / float64(m.Images) }

// mediansOf groups samples by variant and point, and orders the groups by kind, base size, number
// of images and variant.
func mediansOf(samples []Sample) []Median {
	groups := map[Sample][]Sample{}
	for _, s := range samples {
		key := Sample{Variant: s.Variant, Kind: s.Kind, BaseMB: s.BaseMB, Images: s.Images, Recipes: s.Recipes}
		groups[key] = append(groups[key], s)
	}
	var all []Median
	for key, group := range groups {
		m := Median{Sample: key, Count: len(group)}
		m.WholeSeconds = median(group, func(s Sample) float64 { return s.WholeSeconds })
		m.AssemblySeconds = median(group, func(s Sample) float64 { return s.AssemblySeconds })
		m.DownMB = median(group, func(s Sample) float64 { return s.DownMB })
		m.UpMB = median(group, func(s Sample) float64 { return s.UpMB })
		m.MemoryMB = median(group, func(s Sample) float64 { return s.MemoryMB })
		byAssembly := func(a, b Sample) int { return cmp.Compare(a.AssemblySeconds, b.AssemblySeconds) }
		m.Fastest = slices.MinFunc(group, byAssembly).AssemblySeconds
		m.Slowest = slices.MaxFunc(group, byAssembly).AssemblySeconds
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b Median) int {
		return cmp.Or(
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.BaseMB, b.BaseMB), cmp.Compare(a.Images, b.Images),
			cmp.Compare(slices.Index(Variants, a.Variant), slices.Index(Variants, b.Variant)),
		)
	})
	return all
}

// median returns the median of one figure; the mean of the middle two if there is no middle one.
func median(samples []Sample, figure func(Sample) float64) float64 {
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
