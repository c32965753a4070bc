package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMedian(t *testing.T) {
	for name, test := range map[string]struct {
		figures []float64
		want    float64
	}{
		"of one is itself":               {[]float64{4}, 4},
		"of three is the middle one":     {[]float64{9, 1, 2}, 2},
		"of four is between the two":     {[]float64{9, 1, 2, 4}, 3},
		"does not follow a single freak": {[]float64{1, 2, 1000}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var samples []sample
			for _, figure := range test.figures {
				samples = append(samples, sample{WholeSeconds: figure})
			}
			assert.Equal(t, test.want, median(samples, func(s sample) float64 { return s.WholeSeconds }))
		})
	}
}

func TestMediansOf(t *testing.T) {
	medians := mediansOf([]sample{
		{Round: 1, Way: wayFloor, Kind: kindCold, BaseMB: 16, Images: 10, AssemblySeconds: 5},
		{Round: 1, Way: wayDirect, Kind: kindCold, BaseMB: 16, Images: 10, AssemblySeconds: 3, WholeSeconds: 8},
		{Round: 2, Way: wayDirect, Kind: kindCold, BaseMB: 16, Images: 10, AssemblySeconds: 1, WholeSeconds: 9},
		{Round: 3, Way: wayDirect, Kind: kindCold, BaseMB: 16, Images: 10, AssemblySeconds: 2, WholeSeconds: 7},
		{Round: 1, Way: wayDirect, Kind: kindWarm, BaseMB: 16, Images: 10, AssemblySeconds: 6},
		{Round: 1, Way: wayDirect, Kind: kindCold, BaseMB: 1, Images: 10, AssemblySeconds: 7},
	})
	assert.Equal(t, []middle{
		{sample{Way: wayDirect, Kind: kindCold, BaseMB: 1, Images: 10, AssemblySeconds: 7}, 1, 7, 7},
		{sample{Way: wayDirect, Kind: kindCold, BaseMB: 16, Images: 10, AssemblySeconds: 2, WholeSeconds: 8}, 3, 1, 3},
		{sample{Way: wayFloor, Kind: kindCold, BaseMB: 16, Images: 10, AssemblySeconds: 5}, 1, 5, 5},
		{sample{Way: wayDirect, Kind: kindWarm, BaseMB: 16, Images: 10, AssemblySeconds: 6}, 1, 6, 6},
	}, medians)
}
