package parquet

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go/format"
)

// Visit takes the value of a column in a row, counted from 0. The value is nil
// where it is null, and valid only during the call.
type Visit func(row int, column string, value []byte) error

// Read calls visit with every value of those of the named columns that the file
// has, row group after row group, and in each column after column. It returns the
// number of rows.
//
// A file is refused if it has more than maxRows rows or exceeds the package's
// limits. The error is an [*Error], which may hold visit's own.
func Read(r io.ReaderAt, size int64, columns []string, maxRows int, visit Visit) (rows int, err error) {
	return read(newBudget(maxTotal, maxPages), r, size, columns, maxRows, visit)
}

func read(pages budget, r io.ReaderAt, size int64, columns []string, maxRows int, visit Visit) (rows int, err error) {
	defer func() {
		// The metadata's decoder is not ours, and the file is whoever's.
		if cause := recover(); cause != nil {
			err = &Error{Err: fmt.Errorf("decoding panicked: %v", cause)}
		}
	}()
	metadata, err := readFooter(r, size)
	if err != nil {
		return 0, &Error{Err: err}
	}
	text, err := textColumns(metadata.Schema, columns)
	if err != nil {
		return 0, err
	}
	buffer := bufio.NewReaderSize(nil, int(min(maxHeader, size)))
	f := &file{r: r, size: size, buffer: buffer, budget: pages}
	for _, group := range metadata.RowGroups {
		if group.NumRows < 0 || group.NumRows > int64(maxRows-rows) {
			return 0, &Error{Err: fmt.Errorf("the file has more than %d rows", maxRows)}
		}
		for _, column := range text {
			if err := f.readColumn(group, column, rows, visit); err != nil {
				return 0, &Error{Column: column.name, Err: err}
			}
		}
		rows += int(group.NumRows)
	}
	return rows, nil
}

// file is what reading one column of one row group after the other shares.
type file struct {
	r      io.ReaderAt
	size   int64
	buffer *bufio.Reader
	budget budget
}

// readColumn visits one column of one row group, whose first row is row first.
func (f *file) readColumn(group format.RowGroup, column textColumn, first int, visit Visit) error {
	i := slices.IndexFunc(group.Columns, func(chunk format.ColumnChunk) bool {
		return slices.Equal(chunk.MetaData.PathInSchema, []string{column.name})
	})
	if i < 0 {
		return errors.New("a row group does not have the column")
	}
	pages, err := f.pages(group.Columns[i].MetaData, column)
	if err != nil {
		return err
	}
	return readChunk(pages, int(group.NumRows), func(row int, value []byte) error {
		return visit(first+row, column.name, value)
	})
}

// pages returns a reader of the pages of one column in one row group.
func (f *file) pages(chunk format.ColumnMetaData, column textColumn) (*pageReader, error) {
	start, length := chunk.DataPageOffset, chunk.TotalCompressedSize
	if chunk.DictionaryPageOffset > 0 {
		start = min(start, chunk.DictionaryPageOffset)
	}
	if start < 0 || length < 0 || start > f.size || length > f.size-start {
		return nil, fmt.Errorf("its %d bytes at %d are outside of the file", length, start)
	}
	f.buffer.Reset(io.NewSectionReader(f.r, start, length))
	return &pageReader{r: f.buffer, left: length, budget: &f.budget, codec: chunk.Codec, nullable: column.nullable}, nil
}
