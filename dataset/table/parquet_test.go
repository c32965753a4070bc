package table_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/table"
)

// writeParquet returns a Parquet file of the columns.
func writeParquet(t testing.TB, columns ...datasettest.Column) []byte {
	t.Helper()
	file, err := datasettest.Parquet(2, columns)
	require.NoError(t, err)
	return file
}

func text(value string) *string { return &value }

func readParquet(file []byte) ([]table.Row, error) {
	return table.Read("d.parquet", bytes.NewReader(file), int64(len(file)))
}

func TestReadOfParquetReadsOnlyNeededColumns(t *testing.T) {
	rows, err := readParquet(writeParquet(t,
		datasettest.Column{Name: "FAIL_TO_PASS", Values: [][]string{{"t", "u"}, nil, {"v"}}},
		datasettest.Column{Name: "problem_statement", Values: []*string{text("a problem"), text(" "), nil}},
		datasettest.Column{Name: "instance_id", Values: []*string{text("a__a-1"), text("b__b-1"), text("c__c-1")}},
		datasettest.Column{Name: "picture", Values: make([]datasettest.Picture, 3)},
		datasettest.Column{Name: "repo", Values: []*string{text("a/a"), text("b/b"), nil}},
		datasettest.Column{Name: "image_name", Values: []*string{text("x/a"), nil, nil}},
		datasettest.Column{Name: "number", Values: []int64{1, 22, 333}},
	))
	require.NoError(t, err)
	assert.Len(t, rows, 3)
	for i, want := range []table.Row{
		{InstanceID: "a__a-1", Repo: "a/a", ImageName: "x/a", Number: "1", Position: at("d.parquet", "row", 1)},
		{InstanceID: "b__b-1", Repo: "b/b", Number: "22", BlankProblem: true, Position: at("d.parquet", "row", 2)},
		{InstanceID: "c__c-1", Number: "333", BlankProblem: true, Position: at("d.parquet", "row", 3)},
	} {
		assert.EqualExportedValues(t, want, rows[i])
	}
}

func TestReadOfParquetSaysWhereItIsMalformed(t *testing.T) {
	long := strings.Repeat("x", 1025)
	tests := map[string]struct {
		file     []byte
		position table.Position
		column   string
		reason   string
	}{
		"no id":                {writeParquet(t, datasettest.Column{Name: "name", Values: []string{"a"}}), at("d.parquet", "", 0), "instance_id", "does not have the column"},
		"an id of 1025 bytes":  {writeParquet(t, datasettest.Column{Name: "instance_id", Values: []string{"", "", long}}), at("d.parquet", "row", 3), "instance_id", "longer than 1024 bytes"},
		"a file that is empty": {nil, at("d.parquet", "", 0), "", "too short"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := readParquet(tt.file)
			var malformed *table.MalformedError
			require.ErrorAs(t, err, &malformed)
			assert.Equal(t, tt.position, malformed.Position)
			assert.Equal(t, tt.column, malformed.Column)
			assert.ErrorContains(t, err, tt.reason)
		})
	}
}

func TestReadOfAParquetFileCutShortFails(t *testing.T) {
	file := writeParquet(t, datasettest.Column{Name: "instance_id", Values: []string{"a__a-1"}})
	for length := range file {
		_, err := readParquet(file[:length])
		require.Error(t, err, "%d of %d bytes", length, len(file))
	}
}
