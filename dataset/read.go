package dataset

import (
	"fmt"
	"io"
	"path"
	"strings"
)

// Read reads the rows of a dataset. The name's extension, in any case, says in
// which form they are:
//
//	.jsonl    one JSON object a line
//	.json     an array of JSON objects
//	.parquet  Parquet, such as the Hugging Face hub's
//	.txt      instance ids alone, one a line, with `#` comments
//
// Of each row it keeps the fields of [Row], and of further columns what is text or
// a whole number in [Row.Columns]. A column that has something else is left out, and
// refused by [Resolve] if it is needed.
//
// The name also stands in errors; nothing is opened by it. What cannot be read is
// a [*MalformedError]: a line or object of more than 16 MiB, more than 250,000
// rows, a value that is kept and longer than 1 KiB, more than 32 MiB of such values.
// Memory stays bounded whatever the file declares.
func Read(name string, r io.ReaderAt, size int64, further ...string) ([]Row, error) {
	rows, err := readRows(name, r, size, wantedColumns(further))
	if err != nil {
		return nil, err // and no rows, which some readers have by then
	}
	return rows, nil
}

func readRows(name string, r io.ReaderAt, size int64, wanted []string) ([]Row, error) {
	stream := io.NewSectionReader(r, 0, size)
	switch extension := strings.ToLower(path.Ext(name)); extension {
	case ".jsonl":
		return readJSONL(name, stream)
	case ".json":
		return readJSON(name, stream)
	case ".parquet":
		return readParquet(name, r, size, wanted)
	case ".txt":
		return readText(name, stream)
	default:
		return nil, fmt.Errorf("reading %s: extension %s is not one of .jsonl, .json, .parquet, .txt", Quote(name), Quote(extension))
	}
}

// Join returns the rows of two files of one dataset. What bounds the rows of a file
// bounds those of all its files together.
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
