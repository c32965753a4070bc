package table

import (
	"encoding/json"
	"strings"

	"dagger/eval-images/redact"
)

// jsonForm is the form of the rows in a file that begins with an object.
type jsonForm int

const (
	formRows    jsonForm = iota // one object a row, one after the other
	formSplit                   // {"test": [{…}, …]}
	formKeyed                   // {"0": {…}, …}, as pandas with orient="index"
	formColumns                 // {"repo": {"0": …}, …} or {"repo": […], …}, as pandas without orient
)

// form reads the rest of an object, and returns the form of the file. A value that is
// neither a list nor an object makes the object a row.
func (j *jsonReader) form() (jsonForm, error) {
	var s jsonShape
	for j.decoder.More() {
		j.input.left = maxLine
		key, err := j.token()
		if err != nil {
			return 0, err
		}
		value, err := j.token()
		if err != nil {
			return 0, err
		}
		opening, composite := value.(json.Delim)
		if !composite {
			return formRows, nil
		}
		first, err := j.look(opening)
		if err == nil {
			err = checkRows(s.count, j.at)
		}
		if err != nil {
			return 0, err
		}
		s.add(key.(string), opening, first)
	}
	if _, err := j.token(); err != nil {
		return 0, err
	}
	return s.form(j.at)
}

// look reads the rest of a list or an object, and returns the kind of its first value; empty if it
// has none.
func (j *jsonReader) look(opening json.Delim) (first string, err error) {
	count := 0
	err = j.members(opening == '{', func(string) error {
		j.input.left = maxLine
		value, err := j.value()
		if err != nil {
			return err
		}
		if count == 0 {
			first = value.kind()
		}
		count++
		return checkRows(count-1, j.at)
	})
	return first, err
}

// jsonShape tells the forms apart by the values of an object, all of them lists or objects. It
// keeps only a few keys: there may be many, and long ones.
type jsonShape struct {
	count    int      // values
	lists    int      // values that are lists
	rowLists int      // lists that may hold rows
	names    []string // the first keys, quoted
	columns  bool     // a key is a column that is text in a row
	data     bool     // there is "data"
	header   bool     // has "columns" or "schema", which pandas writes beside "data"
}

// maxNames is the maximum number of keys in an error.
const maxNames = 5

// add records a value and the kind of its first member.
func (s *jsonShape) add(key string, opening json.Delim, first string) {
	s.count++
	if len(s.names) < maxNames {
		s.names = append(s.names, redact.Quote(key))
	}
	s.data = s.data || key == "data"
	s.header = s.header || key == "columns" || key == "schema"
	if opening == '[' {
		s.lists++
		if first == "" || first == "an object" {
			s.rowLists++
		}
	}
	s.columns = s.columns || key == IDColumn || key == RepoColumn
}

// form returns the form that has the shape.
func (s *jsonShape) form(at Position) (jsonForm, error) {
	switch {
	case s.count == 0:
		return formRows, nil
	case s.columns:
		return formColumns, nil
	case s.data && s.header:
		return 0, Malformed(at, "",
			`the file is as pandas writes it with orient="split" or "table": write it with orient="records"`)
	case s.lists == 0:
		return formKeyed, nil
	case s.rowLists == 1 && s.count == 1:
		return formSplit, nil
	case s.rowLists == s.count:
		return 0, Malformed(at, "",
			"the file has several splits (%s): write the one to read to its own file", strings.Join(s.names, ", "))
	}
	return 0, Malformed(at, "",
		"the file has neither rows nor columns nor a split of a dataset: write it as an array of objects")
}
