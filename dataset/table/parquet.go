package table

import (
	"errors"
	"io"
	"maps"
	"slices"

	"dagger/eval-images/dataset/table/internal/columns"
	"dagger/eval-images/redact"
)

// readParquet reads a Parquet file. It decodes the wanted columns only.
func readParquet(name string, r io.ReaderAt, size int64, wanted []string) ([]Row, error) {
	var rows []Row
	var others []other
	var total kept
	table, err := columns.Read(r, size, columnsOf(wanted), maxRows, func(row int, column string, value []byte) error {
		rows = extend(rows, row+1, name)
		return rows[row].set(column, value, &total)
	})
	if err != nil {
		return nil, parquetError(name, err)
	}
	if len(rows) == 0 && len(table.Others) == 0 && table.Rows > 0 {
		return nil, Malformed(Position{File: name}, IDColumn, "the file does not have the column")
	}
	rows = extend(rows, table.Rows, name)
	for _, column := range slices.Sorted(maps.Keys(table.Others)) {
		others = append(others, other{column: column, kind: table.Others[column]})
	}
	for i := range rows {
		rows[i].others = others
	}
	return rows, nil
}

// extend returns at least count rows.
func extend(rows []Row, count int, name string) []Row {
	for len(rows) < count {
		if len(rows) == cap(rows) {
			rows = slices.Grow(rows, max(len(rows), 64)) // append grows by less, and so in all takes more
		}
		rows = append(rows, Row{Position: Position{File: name, Unit: "row", Number: len(rows) + 1}})
	}
	return rows
}

// columnsOf returns the columns with their types.
func columnsOf(wanted []string) []columns.Column {
	var all []columns.Column
	for _, name := range wanted {
		all = append(all, columns.Column{Name: name, Integer: isInteger(name)})
	}
	return all
}

// parquetError turns a fault that the reader found into a [*MalformedError].
func parquetError(name string, err error) error {
	var cell *MalformedError
	if errors.As(err, &cell) {
		return cell
	}
	var file *columns.Error
	if errors.As(err, &file) {
		return Malformed(Position{File: name}, file.Column, "%s", redact.ASCII(file.Err.Error()))
	}
	return err
}
