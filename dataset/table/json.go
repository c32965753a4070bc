package table

import (
	"encoding/json"
	"errors"
	"io"
	"regexp"
)

// readJSON reads an array of objects, or another form of rows. Sometimes only the end of an object
// shows the form, so readJSON opens the file a second time to read the rows.
func readJSON(name string, open func() (io.Reader, error), wanted []string) ([]Row, error) {
	var total kept
	j, first, err := openJSON(name, open, wanted, &total)
	if err != nil {
		return nil, err
	}
	if first == json.Delim('[') {
		rows, err := j.array()
		if err != nil {
			return nil, err
		}
		return rows, j.end("there is more data after the array")
	}
	if first != json.Delim('{') {
		return nil, Malformed(j.at, "", "the file is %s, not an array of objects", kindOf(first))
	}
	form, err := j.form()
	if err != nil {
		return nil, err
	}
	if j, _, err = openJSON(name, open, wanted, &total); err != nil {
		return nil, err
	}
	return j.rest(form)
}

// openJSON opens a file and reads its first token.
func openJSON(
	name string, open func() (io.Reader, error), wanted []string, total *kept,
) (*jsonReader, json.Token, error) {
	r, err := open()
	if err != nil {
		return nil, nil, err
	}
	j := newJSONReader(Position{File: name, Unit: "row"}, newNulled(r), setOf(wanted), total)
	first, err := j.decoder.Token()
	switch {
	case errors.Is(err, io.EOF):
		err = Malformed(j.at, "", "the JSON is not valid: the file is empty")
	case err != nil:
		err = jsonError(j.at, err)
	}
	return j, first, err
}

// rest reads the rows of a file after its first brace.
func (j *jsonReader) rest(form jsonForm) (rows []Row, err error) {
	switch form {
	case formSplit:
		err = j.members(true, func(string) (err error) {
			if _, err = j.token(); err == nil { // the bracket
				rows, err = j.array()
			}
			return err
		})
	case formKeyed:
		rows, err = j.keyed()
	case formColumns:
		rows, err = j.columns()
	default:
		return j.objects()
	}
	if err != nil {
		return nil, err
	}
	return rows, j.end("there is more data after the object")
}

// objects reads one row after another. A single object without any column of a row is an error: it
// has its rows in an unknown form, such as a list beside a version.
func (j *jsonReader) objects() ([]Row, error) {
	rows, err := j.stream()
	if len(rows) == 1 && rows[0].isBare() {
		return nil, Malformed(Position{File: j.at.File}, "",
			"the file is one object without a column of a row: write it as an array of objects")
	}
	return rows, err
}

// stream reads one row after another, up to the end.
func (j *jsonReader) stream() (rows []Row, err error) {
	for {
		if err := j.nextRow(); err != nil {
			return nil, err
		}
		row, err := j.restOfRow()
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
		first, err := j.decoder.Token()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, jsonError(j.at, err)
		}
		if first != json.Delim('{') {
			return nil, Malformed(j.at, "", "the next row is %s, not an object", kindOf(first))
		}
	}
}

// array reads the rest of an array of rows.
func (j *jsonReader) array() (rows []Row, err error) {
	err = j.members(false, func(string) error {
		if err := j.nextRow(); err != nil {
			return err
		}
		row, err := j.row()
		rows = append(rows, row)
		return err
	})
	return rows, err
}

var onlyDigits = regexp.MustCompile(`^[0-9]*$`)

// keyed reads the rest of an object of rows. The id of a row without one is its key,
// unless the keys are row numbers.
func (j *jsonReader) keyed() (rows []Row, err error) {
	err = j.members(true, func(key string) error {
		if err := j.nextRow(); err != nil {
			return err
		}
		row, err := j.row()
		if err == nil && row.InstanceID == "" && row.NeedText(IDColumn) == nil && !onlyDigits.MatchString(key) {
			err = row.set(IDColumn, []byte(key), j.total)
		}
		rows = append(rows, row)
		return err
	})
	return rows, err
}
