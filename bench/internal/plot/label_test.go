package plot

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSpread(t *testing.T) {
	for name, test := range map[string]struct{ wanted, want []float64 }{
		"labels that are apart stay":         {[]float64{10, 40, 80}, []float64{10, 40, 80}},
		"two at one place part evenly":       {[]float64{50, 50}, []float64{41.5, 58.5}},
		"a third one moves the pair":         {[]float64{50, 50, 60}, []float64{53.0 + 1.0/3 - 17, 53.0 + 1.0/3, 53.0 + 1.0/3 + 17}},
		"a group does not pass the top":      {[]float64{0, 0}, []float64{0, 17}},
		"a group does not pass the bottom":   {[]float64{100, 100}, []float64{83, 100}},
		"a group pushes the one above it up": {[]float64{60, 78, 78, 78}, []float64{48, 65, 82, 99}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.InDeltaSlice(t, test.want, spread(test.wanted, 0, 100), 0.001)
		})
	}
}

func TestBoxCrosses(t *testing.T) {
	b := box{0, 0, 10, 10}
	for name, test := range map[string]struct {
		p, q Point
		want bool
	}{
		"through":              {Point{-5, 5}, Point{15, 5}, true},
		"inside":               {Point{4, 4}, Point{5, 5}, true},
		"across a corner":      {Point{-1, 8}, Point{3, 12}, true},
		"past a corner":        {Point{-5, 8}, Point{3, 16}, false},
		"above":                {Point{-5, -1}, Point{15, -1}, false},
		"ends before":          {Point{-5, 5}, Point{-1, 5}, false},
		"a point inside":       {Point{5, 5}, Point{5, 5}, true},
		"a point outside":      {Point{15, 5}, Point{15, 5}, false},
		"vertical, beside it":  {Point{11, -5}, Point{11, 15}, false},
		"vertical, through it": {Point{9, -5}, Point{9, 15}, true},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, b.crosses(test.p, test.q))
			assert.Equal(t, test.want, b.crosses(test.q, test.p))
		})
	}
}
