package table

import (
	"bytes"
	"io"
)

// readJSONL reads one JSON object per line.
func readJSONL(name string, r io.Reader, wanted []string) ([]Row, error) {
	var rows []Row
	var total kept
	set := setOf(wanted)
	err := eachLine(name, newNulled(r), func(at Position, line []byte) error {
		if err := checkRows(len(rows), at); err != nil {
			return err
		}
		j := newJSONReader(at, bytes.NewReader(line), set, &total)
		row, err := j.row()
		if err != nil {
			return err
		}
		rows = append(rows, row)
		return j.end("there is more data after the object")
	})
	return rows, err
}

func setOf(columns []string) map[string]bool {
	set := make(map[string]bool, len(columns))
	for _, column := range columns {
		set[column] = true
	}
	return set
}
