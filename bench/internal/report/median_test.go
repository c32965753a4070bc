package report

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMedian(t *testing.T) {
	for name, test := range map[string]struct {
		figures []float64
		want    float64
	}{
		"of one is itself":           {[]float64{4}, 4},
		"of three is the middle one": {[]float64{9, 1, 2}, 2},
		"of four is between the two": {[]float64{9, 1, 2, 4}, 3},
		"ignores a single outlier":   {[]float64{1, 2, 1000}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var samples []Sample
			for _, figure := range test.figures {
				samples = append(samples, Sample{WholeSeconds: figure})
			}
			assert.Equal(t, test.want, median(samples, func(s Sample) float64 { return s.WholeSeconds }))
		})
	}
}

func TestMediansOf(t *testing.T) {
	medians := mediansOf([]Sample{
		{Round: 1, Variant: LowerBound, Kind: Cold, BaseMB: 16, Images: 10, AssemblySeconds: 5},
		{Round: 1, Variant: Direct, Kind: Cold, BaseMB: 16, Images: 10, AssemblySeconds: 3, WholeSeconds: 8},
		{Round: 2, Variant: Direct, Kind: Cold, BaseMB: 16, Images: 10, AssemblySeconds: 1, WholeSeconds: 9},
		{Round: 3, Variant: Direct, Kind: Cold, BaseMB: 16, Images: 10, AssemblySeconds: 2, WholeSeconds: 7},
		{Round: 1, Variant: Direct, Kind: Warm, BaseMB: 16, Images: 10, AssemblySeconds: 6},
		{Round: 1, Variant: Direct, Kind: Cold, BaseMB: 1, Images: 10, AssemblySeconds: 7},
	})
	assert.Equal(t, []Median{
		{Sample{Variant: Direct, Kind: Cold, BaseMB: 1, Images: 10, AssemblySeconds: 7}, 1, 7, 7},
		{Sample{Variant: Direct, Kind: Cold, BaseMB: 16, Images: 10, AssemblySeconds: 2, WholeSeconds: 8}, 3, 1, 3},
		{Sample{Variant: LowerBound, Kind: Cold, BaseMB: 16, Images: 10, AssemblySeconds: 5}, 1, 5, 5},
		{Sample{Variant: Direct, Kind: Warm, BaseMB: 16, Images: 10, AssemblySeconds: 6}, 1, 6, 6},
	}, medians)
}
