package dataset

import (
	"encoding/json"
	"slices"
	"strings"
)

// jsonForm is how a file that begins with an object has its rows.
type jsonForm int

const (
	formRows    jsonForm = iota // one object a row, one behind the other
	formSplit                   // {"test": [{…}, …]}
	formKeyed                   // {"0": {…}, …}, as pandas with orient="index"
	formColumns                 // {"repo": {"0": …}, …} or {"repo": […], …}, as pandas without orient
)

// form reads the rest of an object, and returns the form that a file with it has.
// What is neither a list nor an object makes it a row.
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
			err = checkRows(len(s.keys), j.at)
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

// look goes through the rest of a list or an object, and returns of what kind the
// first of its values is; empty if it has none.
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

// jsonShape is what tells the forms apart: the values of an object, all of them
// lists or objects.
type jsonShape struct {
	keys     []string
	lists    int // values that are lists
	rowLists int // those of them that could be lists of rows
	columns  bool
}

// add takes note of a value, and of what it has first.
func (s *jsonShape) add(key string, opening json.Delim, first string) {
	s.keys = append(s.keys, key)
	if opening == '[' {
		s.lists++
		if first == "" || first == "an object" {
			s.rowLists++
		}
	}
	// In a row these would be text.
	s.columns = s.columns || key == idColumn || key == repoColumn
}

// form returns which form has the shape.
func (s *jsonShape) form(at Position) (jsonForm, error) {
	has := func(key string) bool { return slices.Contains(s.keys, key) }
	switch {
	case len(s.keys) == 0:
		return formRows, nil
	case s.columns:
		return formColumns, nil
	case has("data") && (has("columns") || has("schema")):
		return 0, malformed(at, "", `the file is as pandas writes it with orient="split" or "table": write it with orient="records"`)
	case s.lists == 0:
		return formKeyed, nil
	case s.rowLists == 1 && len(s.keys) == 1:
		return formSplit, nil
	case s.rowLists == len(s.keys):
		return 0, malformed(at, "", "the file has several splits, %s: write the one that is meant to a file of its own", listed(s.keys))
	}
	return 0, malformed(at, "", "the file has neither rows nor columns nor a split of a dataset: write it as an array of objects")
}

// listed returns the first of some keys, fit for an error.
func listed(keys []string) string {
	var quoted []string
	for _, key := range keys[:min(len(keys), 5)] {
		quoted = append(quoted, Quote(key))
	}
	return strings.Join(quoted, ", ")
}
