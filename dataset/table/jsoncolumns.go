package table

import (
	"encoding/json"
	"slices"

	"dagger/eval-images/redact"
)

// jsonTable collects rows that are read column by column.
type jsonTable struct {
	rows    []Row
	isKeyed bool           // the columns are objects of values by key, not lists
	byKey   map[string]int // row numbers
	columns []string       // read so far
	filled  []int          // number of columns that each row has
}

// columns reads the rest of an object of columns, each a list of values or an object
// of values by the rows' keys.
func (j *jsonReader) columns() ([]Row, error) {
	t := jsonTable{byKey: make(map[string]int)}
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

// column reads the rest of a column.
func (j *jsonReader) column(t *jsonTable, column string, byKey bool) error {
	if slices.Contains(t.columns, column) {
		return Malformed(j.at, column, "the key appears twice")
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
		if err := t.fill(row, j, column, key); err != nil {
			return err
		}
		return j.take(&t.rows[row], column, value)
	})
	if err != nil {
		return err
	}
	if len(t.columns) > 0 && (count != before || len(t.rows) != before) {
		return Malformed(j.at, column,
			"the column has %d values, but another column has %d, or values for other rows", count, before)
	}
	if len(t.columns) > 0 && byKey != t.isKeyed {
		return Malformed(j.at, column, "one column is a list, and another an object")
	}
	t.columns, t.isKeyed = append(t.columns, column), byKey
	return nil
}

// fill records that a row has its value of the current column. A second value is an error.
func (t *jsonTable) fill(row int, j *jsonReader, column, key string) error {
	for len(t.filled) <= row {
		t.filled = append(t.filled, 0)
	}
	if t.filled[row] > len(t.columns) {
		return Malformed(j.at, column, "the key %s appears twice", redact.Quote(key))
	}
	t.filled[row] = len(t.columns) + 1
	return nil
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
