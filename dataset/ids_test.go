package dataset_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/datasettest"
)

func TestReadIDsReadsASelection(t *testing.T) {
	got, err := dataset.ReadIDs("select.txt", bytes.NewBufferString("# first\na__a-1\n\n b__b-2 \r\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"a__a-1", "b__b-2"}, got)

	_, err = dataset.ReadIDs("select.txt", strings.NewReader("a__a-1\n../x\n"))
	assert.ErrorContains(t, err, `select.txt line 2, column "instance_id": instance id "../x"`)

	_, err = dataset.ReadIDs("select.txt", strings.NewReader("# none\n"))
	assert.EqualError(t, err, "reading select.txt: the file has no instance id")
}

func TestASelectionWithoutAnIDIsAnErrorSafeToShow(t *testing.T) {
	for what, name := range datasettest.Hostile {
		_, err := dataset.ReadIDs(name, strings.NewReader("# none"))
		require.ErrorContains(t, err, "no instance id", what)
		require.NoError(t, datasettest.Shown(err), what)
	}
}

func TestParseIDsSplitsAtCommas(t *testing.T) {
	for list, want := range map[string][]string{
		"":               nil,
		"  ":             nil,
		"a__a-1":         {"a__a-1"},
		"a__a-1, b__b-2": {"a__a-1", "b__b-2"},
		"a__a-1,,":       {"a__a-1"},
	} {
		got, err := dataset.ParseIDs(list)
		require.NoError(t, err, list)
		assert.Equal(t, want, got, list)
	}
	for _, list := range []string{",", "a b", "a;b", "$(id)"} {
		_, err := dataset.ParseIDs(list)
		assert.ErrorContains(t, err, "parsing instance ids", fmt.Sprintf("%q", list))
	}
}
