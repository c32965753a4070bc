package table

import (
	"fmt"
	"io"
	"path"
	"strings"

	"dagger/eval-images/redact"
)

// Read reads the rows of a dataset's file. The extension of its name, in upper or lower
// case, selects the format:
//
//	.jsonl .ndjson  one JSON object a line
//	.json           an array of JSON objects
//	.parquet        Parquet, such as the Hugging Face hub's
//	.txt            instance ids alone, one a line, with `#` comments
//
// All but Parquet may be gzipped: .jsonl.gz. A .json may also hold one object after the
// other, one split ({"test": [{…}]}), rows by key ({"0": {…}}) or columns
// ({"repo": {"0": …}} or {"repo": […]}). NaN and Infinity, which pandas writes, are read
// as null.
//
// It keeps the fields of [Row] and, in [Row.Columns], text and whole numbers of further
// columns. It skips values of other types; package dataset refuses a row that
// needs one.
//
// The name also stands in errors; Read opens nothing by it. A file that cannot be read is
// a [*MalformedError]. So is one over the limits: 16 MiB for a line or object, 250,000
// rows, 1 KiB for a kept value, 32 MiB for all of them. Memory stays bounded whatever the
// file declares.
func Read(name string, r io.ReaderAt, size int64, further ...string) ([]Row, error) {
	rows, err := readRows(name, r, size, wantedColumns(further))
	if err != nil {
		return nil, err // Without the rows that some readers return beside an error.
	}
	return rows, nil
}

func readRows(name string, r io.ReaderAt, size int64, wanted []string) ([]Row, error) {
	form, packed := formOf(name)
	if form == "" {
		return nil, fmt.Errorf("reading %s: extension %s is not one of "+
			".jsonl, .ndjson, .json, .txt (or these with .gz), .parquet", redact.Quote(name), redact.Quote(path.Ext(name)))
	}
	start, err := startOf(name, r)
	if err == nil {
		err = checkPointer(name, start)
	}
	if err != nil {
		return nil, err
	}
	open := func() (io.Reader, error) {
		stream := io.Reader(io.NewSectionReader(r, 0, size))
		if packed {
			if stream, err = unpack(name, stream); err != nil {
				return nil, err
			}
		}
		return plain(name, stream)
	}
	switch form {
	case ".parquet":
		return readParquet(name, r, size, wanted)
	case ".json":
		return readJSON(name, open, wanted)
	}
	stream, err := open()
	if err != nil {
		return nil, err
	}
	if form == ".txt" {
		return readText(name, stream)
	}
	return readJSONL(name, stream, wanted)
}

// formOf returns the extension that selects the format, empty if it is none of those
// that are read, and whether the file is packed.
func formOf(name string) (form string, packed bool) {
	name = strings.ToLower(name)
	if inner, ok := strings.CutSuffix(name, ".gz"); ok {
		name, packed = inner, true
	}
	switch form = path.Ext(name); form {
	case ".jsonl", ".ndjson", ".json", ".txt":
		return form, packed
	case ".parquet":
		if !packed {
			return form, false
		}
	}
	return "", packed
}

// Join returns the rows of two files of one dataset. The limits of a file hold for all
// files of a dataset together.
func Join(rows, more []Row) ([]Row, error) {
	var total kept
	joined := append(rows, more...)
	for i := range joined {
		if err := checkRows(i, joined[i].Position); err != nil {
			return nil, err
		}
		if err := joined[i].checkCells(&total); err != nil {
			return nil, err
		}
	}
	return joined, nil
}
