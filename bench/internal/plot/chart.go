// Package plot draws line charts on logarithmic scales as SVG, for light and dark pages.
//
// Each line has its label at its end, in place of a legend. No label covers another one or a line.
package plot

import (
	"encoding/xml"
	"errors"
	"fmt"
)

// Chart is a line chart. Both scales are logarithmic: the same distance is the same factor
// everywhere.
type Chart struct {
	Title string
	// Description is read out in place of the picture.
	Description string
	// X and Y name the axes with their units.
	X, Y   string
	Series []Series
}

// Series is one line. Its points rise in X; all coordinates are above zero.
type Series struct {
	Label  string
	Color  Color
	Dashed bool
	Points []Point
}

// Point is one measurement.
type Point struct{ X, Y float64 }

// errEmpty is returned for a chart without a point.
var errEmpty = errors.New("no points to draw")

// SVG draws the chart.
func (c Chart) SVG() ([]byte, error) {
	drawn, err := c.layout()
	if err != nil {
		return nil, fmt.Errorf("drawing %q: %w", c.Title, err)
	}
	text, err := xml.MarshalIndent(drawn, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("drawing %q: %w", c.Title, err)
	}
	return append(text, '\n'), nil
}

// Sizes of the picture in pixels. The margin on the right holds the labels of lines that end there.
const (
	width, height            = 800, 420
	left, right, top, bottom = 64, 290, 64, 52
	titleSize, textSize      = 17, 13
)

func (c Chart) layout() (*document, error) {
	frame, err := c.frame()
	if err != nil {
		return nil, err
	}
	d := newDocument(c.Title, c.Description)
	d.text(left-40, 24, titleSize, "start", "ink title", c.Title)
	d.text(left-40, 46, textSize, "start", "muted", c.Y)
	d.text(left+frame.width()/2, height-12, textSize, "middle", "muted", c.X)
	d.grid(frame)
	for _, s := range c.Series {
		d.series(frame, s)
	}
	d.labels(frame, c.Series)
	return d, nil
}

// frame maps the measured ranges to the drawing area.
func (c Chart) frame() (frame, error) {
	var all []Point
	for _, s := range c.Series {
		all = append(all, s.Points...)
	}
	if len(all) == 0 {
		return frame{}, errEmpty
	}
	low, high := all[0], all[0]
	for _, p := range all {
		if p.X <= 0 || p.Y <= 0 {
			return frame{}, fmt.Errorf("a logarithmic scale has no place for %v", p)
		}
		low = Point{min(low.X, p.X), min(low.Y, p.Y)}
		high = Point{max(high.X, p.X), max(high.Y, p.Y)}
	}
	// Lines end at the right edge, beside their labels. The other edges stand off.
	return frame{
		x: scale{low: low.X / 1.15, high: high.X, from: left, to: width - right},
		y: scale{low: low.Y / 1.5, high: high.Y * 1.5, from: height - bottom, to: top},
	}, nil
}
