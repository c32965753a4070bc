package dataset

import (
	_ "embed"
	"strings"

	"dagger/eval-images/dataset/table"
)

//go:embed sample.txt
var sampleText string

// Sample returns the rows of a bundled sample for a first run: three instances of
// SWE-bench Verified (family swebench), of three repositories.
func Sample() []table.Row {
	rows, err := table.ReadText("sample.txt", strings.NewReader(sampleText))
	if err != nil {
		panic(err) // The file is compiled in, and a test reads it.
	}
	return rows
}
