package table

import (
	"fmt"

	"dagger/eval-images/redact"
)

// Position is a position in a dataset: line 3 of a text file, row 3 of a table. The zero value
// stands for a row that does not come from a file.
type Position struct {
	// File is the name that [Read] was given.
	File string
	// Unit is what Number counts: "line" or "row".
	Unit string
	// Number counts from 1; 0 means the file as a whole.
	Number int
}

// String returns the position for errors: `verified.jsonl line 3`. It quotes names that
// could be taken for something else.
func (p Position) String() string {
	if p.File == "" {
		return ""
	}
	file := redact.Name(p.File)
	if p.Number == 0 {
		return file
	}
	return fmt.Sprintf("%s %s %d", file, p.Unit, p.Number)
}
