package families

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProCustom(t *testing.T) {
	const repository = "docker.io/jefzda/sweap-images:"
	long := strings.Repeat("a", maxProCustom)
	tests := map[string]struct{ image, custom string }{
		"capitals become small":                                 {repository + "Node.BB_AZ1", "node.bb_az1"},
		"a run of unfit characters becomes one dash":            {repository + "a+=b~c", "a-b-c"},
		"including letters of other alphabets":                  {repository + "aéπb", "a-b"},
		"dots and dashes are stripped from both ends":           {repository + "-..a.-b-.", "a.-b"},
		"including those that replaced unfit characters":        {repository + "+.a.+", "a"},
		"underscores stay":                                      {repository + "_a_", "_a_"},
		"stripped characters do not count for the length":       {repository + "." + long + "-", long},
		"a tag over 96 characters is cut, and ends in its sha1": {repository + "Node.BB-" + strings.Repeat("A", 100), "node.bb-" + strings.Repeat("a", 75) + "-26fa1be8622f"},
		"the cut removes trailing dots":                         {repository + strings.Repeat("a", 80) + "..." + strings.Repeat("b", 30), strings.Repeat("a", 80) + "-9472dc777f81"},
		"an image without a tag uses its last path segment":     {"registry.example/x/some-image", "some-image"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.custom, proCustom(test.image))
		})
	}
}

// TestLongTagsThatDifferInCaseStayDistinct: in lower case they are equal, and a registry has both.
func TestLongTagsThatDifferInCaseStayDistinct(t *testing.T) {
	const repository = "docker.io/jefzda/sweap-images:"
	long := strings.Repeat("a", maxProCustom+1)
	assert.NotEqual(t, proCustom(repository+long), proCustom(repository+strings.ToUpper(long)))
}
