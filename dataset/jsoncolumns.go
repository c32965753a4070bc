package dataset

import "encoding/json"

// jsonTable is rows that are read column by column.
type jsonTable struct {
	rows  []Row
	byKey map[string]int
	taken map[string]bool // columns
}

// columns reads the rest of an object of columns, each a list of values or an object
// of values by the rows' keys.
func (j *jsonReader) columns() ([]Row, error) {
	t := jsonTable{byKey: make(map[string]int), taken: make(map[string]bool)}
	err := j.members(true, func(column string) error {
		j.input.left = maxLine
		opening, err := j.token()
		if err != nil {
			return err
		}
		if !j.wanted[column] {
			_, err := j.look(opening.(json.Delim))
			return err
		}
		return j.column(&t, column, opening == json.Delim('{'))
	})
	return t.rows, err
}

// column reads the rest of one.
func (j *jsonReader) column(t *jsonTable, column string, byKey bool) error {
	if t.taken[column] {
		return malformed(j.at, column, "the key is there twice")
	}
	count, before := 0, len(t.rows)
	err := j.members(byKey, func(key string) error {
		j.input.left = maxLine
		value, err := j.value()
		if err != nil {
			return err
		}
		row := count
		if byKey {
			if row, err = t.rowOf(key, j); err != nil {
				return err
			}
		}
		if err := checkRows(row, j.at); err != nil {
			return err
		}
		count++
		t.rows = extend(t.rows, row+1, j.at.File)
		return j.take(&t.rows[row], column, value)
	})
	if err == nil && len(t.taken) > 0 && (count != before || len(t.rows) != before) {
		err = malformed(j.at, column, "the column has %d values, and another %d, or for other rows", count, before)
	}
	t.taken[column] = true
	return err
}

// rowOf returns the number of the row with a key.
func (t *jsonTable) rowOf(key string, j *jsonReader) (int, error) {
	if row, known := t.byKey[key]; known {
		return row, nil
	}
	row := len(t.byKey)
	t.byKey[key] = row
	return row, keep(j.total, j.at, "", key)
}
