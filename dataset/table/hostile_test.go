package table_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset/datasettest"
	"dagger/eval-images/dataset/table"
)

// TestHostileNamesOfFilesAreShownEscaped: a file may have any name, and errors contain it.
func TestHostileNamesOfFilesAreShownEscaped(t *testing.T) {
	contents := map[string]string{
		".jsonl": `{"instance_id": }`, ".json": `[5]`, ".txt": strings.Repeat("x", 1025), ".parquet": "nothing", ".csv": "",
	}
	for name, value := range datasettest.Hostile {
		t.Run(name, func(t *testing.T) {
			for extension, content := range contents {
				_, err := readText(value+extension, content)
				require.Error(t, err)
				require.NoError(t, datasettest.Shown(err))
				_, err = table.Read(value+extension, failing{io.ErrClosedPipe}, 100)
				require.Error(t, err)
				require.NoError(t, datasettest.Shown(err))
			}
		})
	}
	_, err := readText("my data (2).jsonl", "nonsense")
	assert.ErrorContains(t, err, `"my data (2).jsonl" line 1: `, "what is not plain is quoted")
}

func TestFilesOfADatasetAreBoundedTogether(t *testing.T) {
	rows := make([]table.Row, 150_000)
	for i := range rows {
		rows[i] = table.Row{InstanceID: "a", Position: table.Position{File: "test-0.parquet", Unit: "row", Number: i + 1}}
	}
	_, err := table.Join(rows, rows)
	require.ErrorContains(t, err, "test-0.parquet row 100001: the dataset has more than 250000 rows")

	for i := range rows {
		rows[i].InstanceID = strings.Repeat("a", 200)
	}
	joined, err := table.Join(nil, rows[:100_000])
	require.NoError(t, err)
	assert.Len(t, joined, 100_000)
	_, err = table.Join(rows[:100_000:100_000], rows[:100_000])
	require.ErrorContains(t, err, "the dataset has more than 32 MiB of ids, repositories and images")
}
