package dataset

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"dagger/eval-images/dataset/families"
	"dagger/eval-images/dataset/table"
	"dagger/eval-images/redact"
)

// ReadIDs reads a selection: one id a line. It skips blank lines and `#` comments. Errors contain
// the name. A file without an id is an error, because it would select everything.
func ReadIDs(name string, r io.Reader) ([]string, error) {
	rows, err := table.ReadText(name, r)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		if err := families.CheckID(row.InstanceID); err != nil {
			return nil, table.Malformed(row.Position, table.IDColumn, "%v", err)
		}
		ids[i] = row.InstanceID
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("reading %s: the file has no instance id", redact.Name(name))
	}
	return ids, nil
}

// ParseIDs returns the ids of a comma-separated list. It trims white space and skips empty ids. A
// list without an id is an error unless it is blank.
func ParseIDs(list string) ([]string, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	var ids []string
	for _, id := range strings.Split(list, ",") {
		if id = strings.TrimSpace(id); id == "" {
			continue
		}
		if err := families.CheckID(id); err != nil {
			return nil, fmt.Errorf("parsing instance ids: %w", err)
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, errors.New("parsing instance ids: the list is empty")
	}
	return ids, nil
}
