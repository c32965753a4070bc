package dataset_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/datasettest"
)

func TestASourceIsSafeToShow(t *testing.T) {
	sound := dataset.Source{Name: "o/n", Config: "default", Split: "test", Revision: strings.Repeat("a", 40)}
	require.NoError(t, sound.Check())
	require.NoError(t, dataset.Source{}.Check(), "a file has none")
	assert.Equal(t, "o/n, config default, split test, revision "+strings.Repeat("a", 40), sound.String())
	for _, name := range []string{"en to fr (small)", "v1.0", "a-b_c+d,e=f;g@h#i!j%k&l'm~n^o$p[q]r{s}", strings.Repeat("a", 128)} {
		source := sound
		source.Config = name
		assert.NoError(t, source.Check(), name)
	}
	for _, name := range []string{"", "<b>", "a|b", "`a`", "a/b", `a\b`, `"a"`, "a*", "a?", "a:b", "é", "a\nb", "a\x7f", strings.Repeat("a", 129)} {
		for _, source := range []dataset.Source{
			{Name: sound.Name, Config: name, Split: sound.Split, Revision: sound.Revision}, {Name: sound.Name, Config: sound.Config, Split: name, Revision: sound.Revision},
		} {
			err := source.Check()
			require.ErrorContains(t, err, "does not have 1 to 128 of the characters that the hub allows", name)
			assert.NoError(t, datasettest.Shown(err))
		}
	}
	for _, revision := range []string{"", "main", strings.Repeat("a", 39), strings.Repeat("A", 40), strings.Repeat("a", 65)} {
		source := sound
		source.Revision = revision
		assert.ErrorContains(t, source.Check(), "is not a commit", revision)
	}
}
