package plot

import "strings"

// box is a rectangle in pixels; y0 is above y1.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) overlaps(o box) bool {
	return b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1
}

func (b box) within(o box) bool {
	return o.x0 <= b.x0 && b.x1 <= o.x1 && o.y0 <= b.y0 && b.y1 <= o.y1
}

// crosses tells whether a part of the line from p to q is in the box (Liang and Barsky's clipping).
func (b box) crosses(p, q Point) bool {
	from, to := 0.0, 1.0
	for _, edge := range [][2]float64{
		{p.X - q.X, p.X - b.x0}, {q.X - p.X, b.x1 - p.X}, {p.Y - q.Y, p.Y - b.y0}, {q.Y - p.Y, b.y1 - p.Y},
	} {
		switch speed, distance := edge[0], edge[1]; {
		case speed == 0 && distance < 0:
			return false
		case speed < 0:
			from = max(from, distance/speed)
		case speed > 0:
			to = min(to, distance/speed)
		}
	}
	return from <= to
}

// box returns the area that a text covers at most, in any usual font.
func (t text) box() box {
	size := float64(t.Size)
	wide := textWidth(t.Text) * size
	if strings.Contains(t.Class, "title") {
		wide *= 1.1 // It is bold.
	}
	x := float64(t.X)
	switch t.Anchor {
	case "middle":
		x -= wide / 2
	case "end":
		x -= wide
	}
	return box{x, float64(t.Y) - 0.8*size, x + wide, float64(t.Y) + 0.25*size}
}

// textWidth estimates the width of a text in multiples of the font size, for DejaVu Sans, the
// widest of the usual fonts.
func textWidth(s string) (width float64) {
	for _, r := range s {
		switch {
		case strings.ContainsRune("iljI.,:;' ", r):
			width += 0.32
		case strings.ContainsRune("frt()-", r):
			width += 0.41
		case strings.ContainsRune("mwMW", r):
			width += 0.97
		default:
			width += 0.63
		}
	}
	return width
}
