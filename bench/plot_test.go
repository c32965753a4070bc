package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCommittedPlotsShowTheCommittedResults(t *testing.T) {
	r, err := readResults("results.json")
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, r.writePlots(dir))
	for _, name := range []string{"images.svg", "base-size.svg"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got), "%s: go run . -plots", name)
	}
}
