package report

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCommittedFilesShowTheCommittedResults(t *testing.T) {
	const committed = "../.."
	r, err := Read(committed)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, r.Render(dir))
	for _, name := range []string{"results.md", "images.svg", "base-size.svg"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(committed, name))
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), "%s is outdated: go run . -plots", name)
	}
}

func TestWrittenResultsAreReadAgain(t *testing.T) {
	r := &Results{Rounds: 1, Samples: []Sample{{Variant: Direct, Kind: Cold, BaseMB: 16, Images: 10, AssemblySeconds: 1}}}
	r.Finish()
	dir := t.TempDir()
	require.NoError(t, r.Write(dir))
	read, err := Read(dir)
	require.NoError(t, err)
	assert.Equal(t, r, read)
}
