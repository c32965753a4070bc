package dataset

import (
	"errors"
	"io"

	"dagger/eval-images/dataset/internal/parquet"
)

// readParquet reads a Parquet file, of which it needs columns of text only.
func readParquet(name string, r io.ReaderAt, size int64) ([]Row, error) {
	var rows []Row
	var total kept
	columns := append(cellColumns(), problemColumn)
	count, err := parquet.Read(r, size, columns, maxRows, func(row int, column string, value []byte) error {
		if row == len(rows) {
			rows = append(rows, Row{Position: Position{File: name, Unit: "row", Number: row + 1}})
		}
		return rows[row].set(column, value, &total)
	})
	if err != nil {
		return nil, parquetError(name, err)
	}
	if len(rows) < count {
		return nil, malformed(Position{File: name}, idColumn, "the file does not have the column")
	}
	return rows, nil
}

// parquetError makes a [*MalformedError] of what the reader found.
func parquetError(name string, err error) error {
	var cell *MalformedError
	if errors.As(err, &cell) {
		return cell
	}
	var file *parquet.Error
	if errors.As(err, &file) {
		return malformed(Position{File: name}, file.Column, "%v", file.Err)
	}
	return err
}
