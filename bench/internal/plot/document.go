package plot

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// document is an SVG file.
type document struct {
	XMLName xml.Name   `xml:"http://www.w3.org/2000/svg svg"`
	Width   int        `xml:"width,attr"`
	Height  int        `xml:"height,attr"`
	ViewBox string     `xml:"viewBox,attr"`
	Role    string     `xml:"role,attr"`
	Labels  string     `xml:"aria-labelledby,attr"`
	Title   element    `xml:"title"`
	Desc    element    `xml:"desc"`
	Style   string     `xml:"style"`
	Grid    []line     `xml:"g>line"`
	Lines   []polyline `xml:"polyline"`
	Points  []circle   `xml:"circle"`
	Texts   []text     `xml:"text"`
}

type element struct {
	ID   string `xml:"id,attr"`
	Text string `xml:",chardata"`
}

type line struct {
	Class string `xml:"class,attr"`
	X1    px     `xml:"x1,attr"`
	Y1    px     `xml:"y1,attr"`
	X2    px     `xml:"x2,attr"`
	Y2    px     `xml:"y2,attr"`
}

type polyline struct {
	Class  string `xml:"class,attr"`
	Points string `xml:"points,attr"`
}

type circle struct {
	Class string `xml:"class,attr"`
	X     px     `xml:"cx,attr"`
	Y     px     `xml:"cy,attr"`
	R     px     `xml:"r,attr"`
}

type text struct {
	Class  string `xml:"class,attr"`
	X      px     `xml:"x,attr"`
	Y      px     `xml:"y,attr"`
	Size   int    `xml:"font-size,attr"`
	Anchor string `xml:"text-anchor,attr"`
	Text   string `xml:",chardata"`
}

// px is a coordinate, written to a tenth of a pixel.
type px float64

// MarshalText rounds.
func (p px) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%g", math.Round(float64(p)*10)/10), nil
}

func newDocument(title, description string) *document {
	return &document{
		Width: width, Height: height, ViewBox: fmt.Sprintf("0 0 %d %d", width, height),
		Role: "img", Labels: "title desc",
		Title: element{"title", title}, Desc: element{"desc", description}, Style: style(),
	}
}

func (d *document) text(x, y float64, size int, anchor, class, content string) {
	d.Texts = append(d.Texts, text{class, px(x), px(y), size, anchor, content})
}

// grid draws the lines and numbers of both scales.
func (d *document) grid(f frame) {
	const apartX, apartY = 36, 18
	for _, t := range f.x.withEnd(f.x.ticks(apartX), apartX) {
		d.Grid = append(d.Grid, line{gridClass(t), px(t.at), px(f.y.from), px(t.at), px(f.y.to)})
		d.text(t.at, f.y.from+18, textSize, "middle", "muted", t.label)
	}
	for _, t := range f.y.ticks(apartY) {
		d.Grid = append(d.Grid, line{gridClass(t), px(f.x.from), px(t.at), px(f.x.to), px(t.at)})
		d.text(f.x.from-8, t.at+4.5, textSize, "end", "muted", t.label)
	}
}

func gridClass(t tick) string {
	if t.major {
		return "major"
	}
	return "minor"
}

// series draws a line and its points.
func (d *document) series(f frame, s Series) {
	class := s.Color.class()
	var path []string
	for _, p := range s.Points {
		at := f.at(p)
		path = append(path, fmt.Sprintf("%.1f,%.1f", at.X, at.Y))
		d.Points = append(d.Points, circle{class, px(at.X), px(at.Y), 3.5})
	}
	if s.Dashed {
		class += " dashed"
	}
	if len(path) > 1 {
		d.Lines = append(d.Lines, polyline{class, strings.Join(path, " ")})
	}
}
