package plot

import (
	"math"
	"strconv"
)

// scale maps the values low to high to the pixels from to to, logarithmically.
type scale struct{ low, high, from, to float64 }

func (s scale) at(value float64) float64 {
	return s.from + (s.to-s.from)*math.Log(value/s.low)/math.Log(s.high/s.low)
}

// tick is a labelled value of a scale.
type tick struct {
	at    float64 // in pixels
	label string
	major bool // a power of ten
}

// ticks returns 1, 2 and 5 times each power of ten, or only the powers if ticks would be closer
// than apart pixels.
func (s scale) ticks(apart float64) []tick {
	digits := []float64{1, 2, 5}
	if math.Abs(s.at(2)-s.at(1)) < apart {
		digits = digits[:1]
	}
	var all []tick
	for power := math.Floor(math.Log10(s.low)); power <= math.Ceil(math.Log10(s.high)); power++ {
		for _, digit := range digits {
			value := digit * math.Pow(10, power)
			if value < s.low || value > s.high {
				continue
			}
			label := strconv.FormatFloat(value, 'f', max(0, -int(power)), 64)
			all = append(all, tick{s.at(value), label, digit == 1})
		}
	}
	return all
}

// withEnd adds a tick at the end of the scale, unless it would be closer than apart pixels.
func (s scale) withEnd(all []tick, apart float64) []tick {
	if len(all) > 0 && s.to-all[len(all)-1].at < apart {
		return all
	}
	return append(all, tick{s.to, strconv.FormatFloat(s.high, 'g', -1, 64), false})
}

// frame is the drawing area with its scales.
type frame struct{ x, y scale }

func (f frame) width() float64 { return f.x.to - f.x.from }

func (f frame) at(p Point) Point { return Point{f.x.at(p.X), f.y.at(p.Y)} }
