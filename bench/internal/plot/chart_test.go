package plot

import (
	"encoding/xml"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLabelsAreWholeAndApart(t *testing.T) {
	line := func(label string, points ...Point) Series { return Series{Label: label, Points: points} }
	for name, series := range map[string][]Series{
		"one point":                      {line("alone", Point{5, 1})},
		"lines that end at one point":    {line("a", Point{1, 1}, Point{9, 2}), line("b", Point{1, 3}, Point{9, 2}), line("c", Point{9, 2})},
		"many lines that end at the top": {line("a", Point{9, 99}), line("b", Point{9, 98}), line("c", Point{9, 97}), line("d", Point{1, 1}, Point{9, 96})},
		"many at the bottom":             {line("a", Point{9, 1}), line("b", Point{9, 1}), line("c", Point{9, 1}), line("d", Point{1, 99})},
		"a line that ends below another": {line("short", Point{1, 2}, Point{4, 2}), line("long", Point{1, 1.8}, Point{9, 2.5})},
		"a point at the upper left":      {line("one Dockerfile for everything", Point{1, 99}), line("rest", Point{2, 1}, Point{9, 1})},
		"ranges of six powers of ten":    {line("wide", Point{0.01, 0.001}, Point{10000, 1000})},
	} {
		t.Run(name, func(t *testing.T) {
			svg, err := Chart{Title: "Title", X: "images", Y: "seconds", Series: series}.SVG()
			require.NoError(t, err)
			checkTexts(t, svg)
			for _, s := range series {
				assert.Contains(t, string(svg), ">"+s.Label+"</text>")
			}
		})
	}
}

func TestLabelsOfTheCommittedPlots(t *testing.T) {
	for _, name := range []string{"images.svg", "base-size.svg"} {
		t.Run(name, func(t *testing.T) {
			svg, err := os.ReadFile("../../" + name)
			require.NoError(t, err)
			checkTexts(t, svg)
		})
	}
}

// checkTexts fails for a text that leaves the viewBox, or covers another text or a line.
func checkTexts(t *testing.T, svg []byte) {
	t.Helper()
	var d document
	require.NoError(t, xml.Unmarshal(svg, &d))
	require.NotEmpty(t, d.Texts)
	var view box
	_, err := fmt.Sscanf(d.ViewBox, "%f %f %f %f", &view.x0, &view.y0, &view.x1, &view.y1)
	require.NoError(t, err)
	for i, text := range d.Texts {
		assert.True(t, text.box().within(view), "%q is cut", text.Text)
		for _, other := range d.Texts[:i] {
			assert.False(t, text.box().overlaps(other.box()), "%q covers %q", text.Text, other.Text)
		}
		for _, l := range d.Lines {
			points := readPoints(t, l.Points)
			for j := range points[1:] {
				assert.False(t, text.box().crosses(points[j], points[j+1]), "%q covers a line", text.Text)
			}
		}
	}
}

func readPoints(t *testing.T, list string) (points []Point) {
	t.Helper()
	for _, pair := range strings.Fields(list) {
		var p Point
		_, err := fmt.Sscanf(pair, "%f,%f", &p.X, &p.Y)
		require.NoError(t, err)
		points = append(points, p)
	}
	return points
}

func TestChartIsAccessible(t *testing.T) {
	svg, err := Chart{Title: "Title <1>", Description: "What it shows & how", Series: []Series{{Points: []Point{{1, 1}}}}}.SVG()
	require.NoError(t, err)
	for _, want := range []string{
		`role="img"`, `aria-labelledby="title desc"`, `<title id="title">Title &lt;1&gt;</title>`, `<desc id="desc">What it shows &amp; how</desc>`,
	} {
		assert.Contains(t, string(svg), want)
	}
}

func TestChartRefuses(t *testing.T) {
	_, err := Chart{Title: "empty"}.SVG()
	assert.ErrorIs(t, err, errEmpty)
	_, err = Chart{Series: []Series{{Points: []Point{{1, 0}}}}}.SVG()
	assert.ErrorContains(t, err, "no place for {1 0}")
}
