package dataset

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"dagger/eval-images/redact"
)

// readText reads ids, one a line. Blank lines and lines that start with `#` are
// skipped.
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
		err := row.set(idColumn, line, &total)
		rows = append(rows, row)
		return err
	})
	return rows, err
}

// ReadIDs reads a selection: ids, one a line, with blank lines and `#` comments
// skipped. The name stands in errors. A file without an id is an error, as it would
// select everything.
func ReadIDs(name string, r io.Reader) ([]string, error) {
	text, err := plain(name, r)
	if err != nil {
		return nil, err
	}
	rows, err := readText(name, text)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		if err := CheckID(row.InstanceID); err != nil {
			return nil, malformed(row.Position, idColumn, "%v", err)
		}
		ids[i] = row.InstanceID
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("reading %s: the file has no instance id", redact.Name(name))
	}
	return ids, nil
}

// ParseIDs returns the ids of a comma-separated list, with white space around them
// and empty ones left out. A list without an id is an error unless it is blank.
func ParseIDs(list string) ([]string, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	var ids []string
	for _, id := range strings.Split(list, ",") {
		if id = strings.TrimSpace(id); id == "" {
			continue
		}
		if err := CheckID(id); err != nil {
			return nil, fmt.Errorf("parsing instance ids: %w", err)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, errors.New("parsing instance ids: the list has none")
	}
	return ids, nil
}
