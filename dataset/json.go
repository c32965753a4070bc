package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readJSON reads an array of JSON objects, one after the other.
func readJSON(name string, r io.Reader) ([]Row, error) {
	at := Position{File: name, Unit: "row"}
	input := &allowance{r: r, left: maxLine}
	decoder := json.NewDecoder(input)
	first, err := decoder.Token()
	if err != nil {
		return nil, jsonError(at, err)
	}
	if first != json.Delim('[') {
		return nil, malformed(at, "", "the file is not an array of objects; a file with one object a line is .jsonl")
	}
	var rows []Row
	var total kept
	for decoder.More() {
		at.Number++
		input.left = maxLine
		if err := checkRows(len(rows), at); err != nil {
			return nil, err
		}
		row, err := decodeRow(at, &total, decoder.Decode)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, endArray(decoder, at)
}

// endArray returns an error unless the array ends here, and the file with it.
func endArray(decoder *json.Decoder, at Position) error {
	if _, err := decoder.Token(); err != nil {
		return jsonError(at, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return malformed(at, "", "the file goes on behind the array")
	}
	return nil
}

// jsonError gives a decoder's error its place.
func jsonError(at Position, err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		column := kind.Field[strings.LastIndex(kind.Field, ".")+1:]
		return malformed(at, column, "the value is %s, not text", kindOf(kind))
	case errors.As(err, &kind):
		return malformed(at, "", "the row is %s, not an object", kindOf(kind))
	case errors.As(err, &syntax), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return malformed(at, "", "the JSON is not valid: %s", said(err))
	case errors.Is(err, errAllowance):
		return malformed(at, "", "the row is longer than %d MiB", maxLine>>20)
	default:
		return fmt.Errorf("reading %s: %w", QuoteName(at.File), err)
	}
}

// kindOf returns what a value is: "number". The decoder puts all digits behind that.
func kindOf(value *json.UnmarshalTypeError) string {
	kind, _, _ := strings.Cut(value.Value, " ")
	return kind
}
