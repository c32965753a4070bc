package plot

import (
	"fmt"
	"strings"
)

// Color is one of a few colours that people with any colour vision can tell apart:
// https://jfly.uni-koeln.de/color/
type Color int

// The colours.
const (
	Orange Color = iota
	Purple
	Blue
	Green
	Gray
)

func (c Color) class() string { return fmt.Sprintf("series-%d", c) }

// theme holds the colours for one kind of page. All but the grid's contrast with the page by at
// least 4.5 to 1, which WCAG requires of text.
type theme struct {
	page                     string // what surrounds the picture, which itself is transparent
	ink, muted, major, minor string
	series                   [5]string // in the order of [Color]
}

// The pages are GitHub's.
var (
	light = theme{"#ffffff", "#1f2328", "#59636e", "#d1d9e0", "#eaeef2", [...]string{"#b34a00", "#a8437f", "#0068a3", "#007857", "#656d76"}}
	dark  = theme{"#0d1117", "#f0f6fc", "#9198a1", "#3d444d", "#21262d", [...]string{"#f0883e", "#e58cc0", "#58a6ff", "#3fb98f", "#9da5ae"}}
)

// style follows the reader's colour scheme. If the page does not, the letters stay readable by
// their outline, which has the colour of the page that they were made for.
func style() string {
	return `
    text { font-family: -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; paint-order: stroke; stroke-width: 3px; stroke-linejoin: round }
    .title { font-weight: 600 }
    line { stroke-width: 1 }
    polyline { fill: none; stroke-width: 2; stroke-linejoin: round }
    .dashed { stroke-dasharray: 5 4 }
` + light.css("    ") + "    @media (prefers-color-scheme: dark) {\n" + dark.css("      ") + "    }\n  "
}

func (t theme) css(indent string) string {
	var css strings.Builder
	rule := func(format string, values ...any) { fmt.Fprintf(&css, indent+format+"\n", values...) }
	rule("text { stroke: %s }", t.page)
	rule(".ink { fill: %s } .muted { fill: %s }", t.ink, t.muted)
	rule(".major { stroke: %s } .minor { stroke: %s }", t.major, t.minor)
	for i, color := range t.series {
		class := Color(i).class()
		rule("text.%s, circle.%s { fill: %s } polyline.%s, line.%s { stroke: %s }", class, class, color, class, class, color)
	}
	return css.String()
}
