package columns_test

import (
	"bytes"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/table/internal/columns"
)

// write returns a file of the columns.
func write(t testing.TB, group int, written []datasettest.Column, options ...parquet.WriterProperty) []byte {
	t.Helper()
	file, err := datasettest.Parquet(group, written, options...)
	require.NoError(t, err)
	return file
}

// maxRows is the limit in tests.
const maxRows = 1000

// cells has values by column; a nil pointer is null.
type cells map[string][]*string

// read returns the values of the columns in the order of the rows.
func read(file []byte, names ...string) (cells, columns.Table, error) {
	var wanted []columns.Column
	for _, name := range names {
		wanted = append(wanted, columns.Column{Name: name})
	}
	return readWanted(file, wanted)
}

func readWanted(file []byte, wanted []columns.Column) (cells, columns.Table, error) {
	got := make(cells)
	table, err := columns.Read(bytes.NewReader(file), int64(len(file)), wanted, maxRows, func(row int, column string, value []byte) error {
		var cell *string
		if value != nil {
			cell = text(string(value))
		}
		got[column] = append(got[column], cell)
		return nil
	})
	return got, table, err
}

func text(value string) *string { return &value }
