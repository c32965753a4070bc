package plot

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTextsStandOutFromThePage(t *testing.T) {
	for name, theme := range map[string]theme{"light": light, "dark": dark} {
		for _, color := range append([]string{theme.ink, theme.muted}, theme.series[:]...) {
			t.Run(name+" "+color, func(t *testing.T) {
				assert.GreaterOrEqual(t, contrast(t, color, theme.page), 4.5, "https://www.w3.org/TR/WCAG22/#contrast-minimum")
			})
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	one, other := luminance(t, a), luminance(t, b)
	return (max(one, other) + 0.05) / (min(one, other) + 0.05)
}

// luminance is WCAG's relative luminance.
func luminance(t *testing.T, color string) float64 {
	t.Helper()
	var r, g, b uint8
	_, err := fmt.Sscanf(color, "#%02x%02x%02x", &r, &g, &b)
	require.NoError(t, err)
	linear := func(part uint8) float64 {
		share := float64(part) / 255
		if share <= 0.04045 {
			return share / 12.92
		}
		return math.Pow((share+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}
