package dataset

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProCustom(t *testing.T) {
	const repository = "docker.io/jefzda/sweap-images:"
	long := strings.Repeat("a", maxProCustom)
	tests := map[string]struct{ image, custom string }{
		"capitals become small":                             {repository + "Node.BB_1", "node.bb_1"},
		"a run of unfit characters becomes one dash":        {repository + "a+=b~c", "a-b-c"},
		"also letters of other alphabets":                   {repository + "aéπb", "a-b"},
		"dots and dashes go at both ends":                   {repository + "-..a.-b-.", "a.-b"},
		"also those that unfit characters became":           {repository + "+.a.+", "a"},
		"underscores stay":                                  {repository + "_a_", "_a_"},
		"what is stripped does not count for the length":    {repository + "." + long + "-", long},
		"an image without a tag goes by its last path part": {"registry.example/x/some-image", "some-image"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.custom, proCustom(test.image))
		})
	}
}
