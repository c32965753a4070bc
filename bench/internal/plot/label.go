package plot

import (
	"cmp"
	"slices"
)

// lineHeight is the minimum distance between the baselines of two labels.
const lineHeight = 17

// labels puts the label of each series at the end of its line: beside the drawing area if the line
// reaches the right edge, and inside otherwise.
func (d *document) labels(f frame, all []Series) {
	var outside, inside []Series
	for _, s := range all {
		switch {
		case len(s.Points) == 0:
		case s.end().X == f.x.high:
			outside = append(outside, s)
		default:
			inside = append(inside, s)
		}
	}
	d.labelsOutside(f, outside)
	for _, s := range inside {
		d.labelInside(f, s, all)
	}
}

func (s Series) end() Point { return s.Points[len(s.Points)-1] }

// labelsOutside spreads the labels so that none covers another, and joins each to the end of its
// line.
func (d *document) labelsOutside(f frame, all []Series) {
	slices.SortStableFunc(all, func(a, b Series) int { return cmp.Compare(b.end().Y, a.end().Y) })
	var wanted []float64
	for _, s := range all {
		wanted = append(wanted, f.at(s.end()).Y)
	}
	for i, y := range spread(wanted, f.y.to, f.y.from) {
		class := all[i].Color.class()
		d.Grid = append(d.Grid, line{class, px(f.x.to + 5), px(wanted[i]), px(f.x.to + 16), px(y)})
		d.text(f.x.to+20, y+4.5, textSize, "start", class, all[i].Label)
	}
}

// spread moves rising positions at least [lineHeight] apart, as little as possible. It stays
// between from and to while there is room.
func spread(wanted []float64, from, to float64) []float64 {
	placed := slices.Clone(wanted)
	for i := range placed {
		// The labels that touch this one move as a group, about the middle of where they want to
		// be.
		for first := i; first >= 0; first-- {
			var sum float64
			for j := first; j <= i; j++ {
				sum += wanted[j] - lineHeight*float64(j-first)
			}
			size := float64(i - first)
			start := max(from, min(sum/(size+1), to-lineHeight*size))
			if first > 0 && start < placed[first-1]+lineHeight {
				continue
			}
			for j := first; j <= i; j++ {
				placed[j] = start + lineHeight*float64(j-first)
			}
			break
		}
	}
	return placed
}

// labelInside takes the first place around the end of the line where the label covers nothing, or
// the very first if there is none.
func (d *document) labelInside(f frame, s Series, all []Series) {
	end := f.at(s.end())
	places := []text{
		{X: px(end.X + 9), Y: px(end.Y + 4.5), Anchor: "start"},
		{X: px(end.X + 7), Y: px(end.Y - 7), Anchor: "start"},
		{X: px(end.X + 7), Y: px(end.Y + 17), Anchor: "start"},
		{X: px(end.X), Y: px(end.Y - 10), Anchor: "middle"},
		{X: px(end.X), Y: px(end.Y + 20), Anchor: "middle"},
		{X: px(end.X - 9), Y: px(end.Y + 4.5), Anchor: "end"},
	}
	for i := range places {
		places[i].Class, places[i].Size, places[i].Text = s.Color.class(), textSize, s.Label
	}
	best := slices.IndexFunc(places, func(t text) bool { return d.free(f, t.box(), all) })
	d.Texts = append(d.Texts, places[max(0, best)])
}

// free tells whether a box covers no text and no line, and lies inside the picture.
func (d *document) free(f frame, b box, all []Series) bool {
	if !b.within(box{0, 0, width, height}) {
		return false
	}
	for _, t := range d.Texts {
		if b.overlaps(t.box()) {
			return false
		}
	}
	for _, s := range all {
		for i, p := range s.Points {
			at := f.at(p)
			if b.crosses(f.at(s.Points[max(0, i-1)]), at) {
				return false
			}
		}
	}
	return true
}
