package main

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// colors of the ways, which can be told apart in any kind of sight: https://jfly.uni-koeln.de/color/
var colors = map[string]color.Color{
	wayOrigin:  color.RGBA{R: 213, G: 94, A: 255},
	wayOnePass: color.RGBA{R: 204, G: 121, B: 167, A: 255},
	wayEngine:  color.RGBA{G: 114, B: 178, A: 255},
	wayDirect:  color.RGBA{G: 158, B: 115, A: 255},
	wayFloor:   color.RGBA{R: 120, G: 120, B: 120, A: 255},
}

// curve is one line of a picture.
type curve struct {
	way, label string
	dashed     bool
	points     plotter.XYs
}

// plotImages draws seconds against the number of images, at one base size.
func (r *results) plotImages(path string) error {
	here := func(m middle) bool { return m.BaseMB == r.CurveMB }
	number := func(m middle) float64 { return float64(m.Images) }
	curves := r.curves(here, number, func(m middle) float64 { return m.AssemblySeconds }, "")
	for _, c := range r.curves(here, number, func(m middle) float64 { return m.WholeSeconds }, ", whole call") {
		if isModule(c.way) {
			c.dashed = true
			curves = append(curves, c)
		}
	}
	return drawCurves(path, fmt.Sprintf("Time for a number of images (base images of %d MB)", r.CurveMB), "images", "seconds", curves)
}

// plotBaseSize draws seconds per image against the size of the base images, with as many images as each way makes.
func (r *results) plotBaseSize(path string) error {
	here := func(m middle) bool {
		most, ok := r.find(m.Way, kindCold, point{r.Most, m.BaseMB})
		return ok && most.Images == m.Images
	}
	curves := r.curves(here, func(m middle) float64 { return float64(m.BaseMB) }, middle.each, "")
	return drawCurves(path, "Time for an image by the size of its base image", "base image in MB", "seconds per image", curves)
}

// curves has a curve for each way that was measured there.
func (r *results) curves(here func(middle) bool, x, y func(middle) float64, suffix string) []curve {
	var all []curve
	for _, way := range allWays {
		c := curve{way: way, label: way + suffix}
		for _, m := range r.Medians {
			// A logarithmic scale has no zero.
			if m.Way == way && m.Kind == kindCold && here(m) && y(m) > 0 {
				c.points = append(c.points, plotter.XY{X: x(m), Y: y(m)})
			}
		}
		if len(c.points) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// drawCurves draws on logarithmic scales, on which a multiple is the same distance everywhere.
func drawCurves(path, title, x, y string, curves []curve) error {
	if len(curves) == 0 {
		return nil
	}
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.BackgroundColor = color.White
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(ticks), plot.TickerFunc(ticks)
	p.Add(plotter.NewGrid())
	p.Legend.Top, p.Legend.Padding = true, vg.Points(2)
	for _, c := range curves {
		line, points, err := plotter.NewLinePoints(c.points)
		if err != nil {
			return fmt.Errorf("drawing %s: %w", c.label, err)
		}
		line.Color, line.Width, points.Color, points.Shape = colors[c.way], vg.Points(1.5), colors[c.way], draw.CircleGlyph{}
		if c.dashed {
			line.Dashes = []vg.Length{vg.Points(5), vg.Points(3)}
		}
		p.Add(line, points)
		p.Legend.Add(c.label, line, points)
	}
	// Room around a single point, and above for the legend.
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = p.X.Min/1.3, p.X.Max*1.3, p.Y.Min/1.5, p.Y.Max*20
	return p.Save(7*vg.Inch, 4.5*vg.Inch, path)
}

// ticks stand at 1, 2 and 5 of each power of ten.
func ticks(from, to float64) []plot.Tick {
	var all []plot.Tick
	for power := math.Floor(math.Log10(from)); power <= math.Ceil(math.Log10(to)); power++ {
		for _, digit := range []float64{1, 2, 5} {
			if at := digit * math.Pow(10, power); at >= from && at <= to {
				all = append(all, plot.Tick{Value: at, Label: strconv.FormatFloat(at, 'f', max(0, -int(power)), 64)})
			}
		}
	}
	return all
}
