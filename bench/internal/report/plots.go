package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"eval-images/bench/internal/plot"
)

// drawn lists the variants that have a line in the plots, and their labels there.
var drawn = []struct {
	variant string
	label   string
	whole   string // label of the line of whole calls; empty: it has none
	color   plot.Color
}{
	{OnePass, "one Dockerfile for everything", "", plot.Purple},
	{Docker, "docker build and push", "", plot.Orange},
	{Engine, "this module, pushed by the engine", "whole call, pushed by the engine", plot.Blue},
	{Direct, "this module, composed in the registry", "whole call, composed in the registry", plot.Green},
	{LowerBound, "least any client can do", "", plot.Gray},
}

// writePlots draws images.svg and base-size.svg.
func (r *Results) writePlots(dir string) error {
	for name, chart := range map[string]plot.Chart{"images.svg": r.imagesChart(), "base-size.svg": r.baseSizeChart()} {
		if len(chart.Series) == 0 {
			continue
		}
		svg, err := chart.SVG()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), svg, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// imagesChart shows seconds against the number of images, at one base size.
func (r *Results) imagesChart() plot.Chart {
	c := plot.Chart{
		Title: fmt.Sprintf("Time to make and publish agent images, base images of %d MB", r.CurveMB),
		X:     "number of images (log scale)",
		Y:     "seconds for all of them (log scale)",
	}
	here := func(m Median) bool { return m.BaseMB == r.CurveMB }
	number := func(m Median) float64 { return float64(m.Images) }
	assembly := func(m Median) float64 { return m.AssemblySeconds }
	whole := func(m Median) float64 { return m.WholeSeconds }
	for _, d := range drawn {
		c.Series = r.addSeries(c.Series, plot.Series{Label: d.label, Color: d.color}, d.variant, here, number, assembly)
		if d.whole != "" {
			c.Series = r.addSeries(c.Series, plot.Series{Label: d.whole, Color: d.color, Dashed: true}, d.variant, here, number, whole)
		}
	}
	c.Description = describe(c, "%.2f s for %.0f images")
	return c
}

// baseSizeChart shows seconds per image against the base size, each variant with the most images
// that it makes.
func (r *Results) baseSizeChart() plot.Chart {
	c := plot.Chart{
		Title: "Time to make and publish one agent image, by the size of its base image",
		X:     "size of the base image in MB (log scale)",
		Y:     "seconds per image (log scale)",
	}
	here := func(m Median) bool {
		most, ok := r.find(m.Variant, Cold, Point{r.Most, m.BaseMB})
		return ok && most.Images == m.Images
	}
	size := func(m Median) float64 { return float64(m.BaseMB) }
	for _, d := range drawn {
		c.Series = r.addSeries(c.Series, plot.Series{Label: d.label, Color: d.color}, d.variant, here, size, Median.each)
	}
	c.Description = describe(c, "%.3f s per image at %.0f MB")
	return c
}

// addSeries appends the line of a variant, unless it has no point.
func (r *Results) addSeries(all []plot.Series, s plot.Series, variant string, here func(Median) bool, x, y func(Median) float64) []plot.Series {
	for _, m := range r.Medians {
		// A logarithmic scale has no zero.
		if m.Variant == variant && m.Kind == Cold && here(m) && y(m) > 0 {
			s.Points = append(s.Points, plot.Point{X: x(m), Y: y(m)})
		}
	}
	if len(s.Points) == 0 {
		return all
	}
	return append(all, s)
}

// describe puts a chart in words: where each line ends. The format takes Y and X.
func describe(c plot.Chart, format string) string {
	var ends []string
	for _, s := range c.Series {
		end := s.Points[len(s.Points)-1]
		ends = append(ends, s.Label+": "+fmt.Sprintf(format, end.Y, end.X))
	}
	return "Line chart: " + c.Y + " against " + c.X + ". " + strings.Join(ends, "; ") + "."
}
