package dataset

import (
	"encoding/json"
	"io"
)

// readJSONL reads one JSON object a line.
func readJSONL(name string, r io.Reader) ([]Row, error) {
	var rows []Row
	var total kept
	err := eachLine(name, r, func(at Position, line []byte) error {
		if err := checkRows(len(rows), at); err != nil {
			return err
		}
		row, err := decodeRow(at, &total, func(object any) error { return json.Unmarshal(line, object) })
		rows = append(rows, row)
		return err
	})
	return rows, err
}
