package table

import "io"

// ReadText reads ids, one a line, with or without a byte order mark. It skips blank lines
// and lines that start with `#`. The name stands in errors.
func ReadText(name string, r io.Reader) ([]Row, error) {
	text, err := plain(name, r)
	if err != nil {
		return nil, err
	}
	return readText(name, text)
}

func readText(name string, r io.Reader) ([]Row, error) {
	var rows []Row
	var total kept
	err := eachLine(name, r, func(at Position, line []byte) error {
		if line[0] == '#' {
			return nil
		}
		if err := checkRows(len(rows), at); err != nil {
			return err
		}
		row := Row{Position: at}
		err := row.set(IDColumn, line, &total)
		rows = append(rows, row)
		return err
	})
	return rows, err
}
