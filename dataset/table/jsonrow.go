package table

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"dagger/eval-images/redact"
)

// jsonReader reads rows of JSON. It matches the wanted keys exactly; encoding/json would
// ignore case.
type jsonReader struct {
	at      Position
	wanted  map[string]bool
	input   *allowance
	decoder *json.Decoder
	total   *kept
}

func newJSONReader(at Position, r io.Reader, wanted map[string]bool, total *kept) *jsonReader {
	input := &allowance{r: r, left: maxLine, err: errAllowance}
	decoder := json.NewDecoder(input)
	decoder.UseNumber() // a number may have any number of digits
	return &jsonReader{at: at, wanted: wanted, input: input, decoder: decoder, total: total}
}

// nextRow goes on to the next row.
func (j *jsonReader) nextRow() error {
	j.at.Number++
	j.input.left = maxLine
	return checkRows(j.at.Number-1, j.at)
}

// token reads a key, a value that is neither a list nor an object, or a bracket.
func (j *jsonReader) token() (json.Token, error) {
	token, err := j.decoder.Token()
	if err != nil {
		return nil, jsonError(j.at, err)
	}
	return token, nil
}

// value reads any value.
func (j *jsonReader) value() (jsonValue, error) {
	value := jsonValue("null")
	if err := j.decoder.Decode(&value); err != nil {
		return nil, jsonError(j.at, err)
	}
	return value, nil
}

// end returns an error with the text goesOn unless the input ends here.
func (j *jsonReader) end(goesOn string) error {
	_, err := j.decoder.Token()
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil, errors.Is(err, errAllowance), errors.As(err, &syntax):
		return Malformed(j.at, "", "the JSON is not valid: %s", goesOn)
	}
	return jsonError(j.at, err)
}

// members calls visit, which reads a value, for each member of the rest of an object or
// an array. The key is empty in an array.
func (j *jsonReader) members(keys bool, visit func(key string) error) error {
	for j.decoder.More() {
		key := ""
		if keys {
			token, err := j.token()
			if err != nil {
				return err
			}
			key, _ = token.(string) // The decoder refuses other keys.
		}
		if err := visit(key); err != nil {
			return err
		}
	}
	_, err := j.token()
	return err
}

// row reads an object.
func (j *jsonReader) row() (Row, error) {
	first, err := j.token()
	if err != nil {
		return Row{}, err
	}
	if first != json.Delim('{') {
		return Row{}, Malformed(j.at, "", "the row is %s, not an object", kindOf(first))
	}
	return j.restOfRow()
}

// restOfRow reads an object after its first brace.
func (j *jsonReader) restOfRow() (Row, error) {
	row := Row{Position: j.at}
	taken := make(map[string]bool)
	count := 0
	err := j.members(true, func(key string) error {
		if count++; count > maxColumns {
			return Malformed(j.at, "", "the row has more than %d columns", maxColumns)
		}
		value, err := j.value()
		if err != nil || !j.wanted[key] {
			return err
		}
		if taken[key] {
			return Malformed(j.at, key, "the key appears twice")
		}
		taken[key] = true
		return j.take(&row, key, value)
	})
	return row, err
}

var wholeNumber = regexp.MustCompile(`^[0-9]{1,18}$`)

// take sets the value of a column.
func (j *jsonReader) take(row *Row, column string, value jsonValue) error {
	kind := value.kind()
	switch {
	case kind == "null":
		return row.set(column, nil, j.total)
	case kind == "a number" && isInteger(column):
		// pandas makes 5.0 of 5 where a row of the column has none.
		if whole := strings.TrimSuffix(string(value), ".0"); wholeNumber.MatchString(whole) {
			return row.set(column, []byte(whole), j.total)
		}
	case kind == "text":
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return jsonError(row.Position, err)
		}
		return row.set(column, []byte(text), j.total)
	}
	row.others = append(row.others, other{column: column, kind: kind})
	return nil
}

// jsonValue is the text of a value. It is valid until more is read.
type jsonValue []byte

// UnmarshalJSON keeps the value.
func (v *jsonValue) UnmarshalJSON(data []byte) error {
	*v = data
	return nil
}

// kind describes the value for errors.
func (v jsonValue) kind() string {
	switch v[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "text"
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	default:
		return "a number"
	}
}

// kindOf describes a token, or the value that it begins.
func kindOf(token json.Token) string {
	switch token := token.(type) {
	case json.Delim:
		return jsonValue(token.String()).kind()
	case string:
		return "text"
	case bool:
		return "a boolean"
	case nil:
		return "null"
	default:
		return "a number"
	}
}

// jsonError adds the position to a decoder's error.
func jsonError(at Position, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, errUnpacked), errors.Is(err, errDamaged):
		return Malformed(at, "", "%v", err)
	case errors.Is(err, errAllowance):
		return Malformed(at, "", "the row is longer than %d MiB", maxLine>>20)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Malformed(at, "", "the JSON is not valid: it ends too early")
	case errors.As(err, &syntax):
		return Malformed(at, "", "the JSON is not valid: %s", redact.ASCII(err.Error()))
	default:
		return fmt.Errorf("reading %s: %w", redact.Name(at.File), err)
	}
}
