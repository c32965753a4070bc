package table_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/table"
)

// FuzzRead takes any name, which selects the format of the content.
func FuzzRead(f *testing.F) {
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		rows, err := table.Read(name, bytes.NewReader(content), int64(len(content)))
		require.NoError(t, datasettest.Shown(err))
		joined, err := table.Join(rows, rows)
		require.NoError(t, err)
		require.Len(t, joined, 2*len(rows))
		_, err = table.ReadText(name, bytes.NewReader(content))
		require.NoError(t, datasettest.Shown(err))
	})
}
