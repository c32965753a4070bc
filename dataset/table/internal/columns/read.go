package columns

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
)

// Visit gets the value of a column in a row, counted from 0. A nil value means null. The value is
// valid only during the call.
type Visit func(row int, column string, value []byte) error

// Table describes a file without its values.
type Table struct {
	// Rows is the number of rows.
	Rows int
	// Others are the types of the wanted columns that do not have text, by name: "a list", "a
	// struct". They are not read.
	Others map[string]string
}

// Read calls visit with every value of the wanted columns that the file has: row group by row
// group, and in each column by column. Other columns may be of any type.
//
// It refuses a file with more than maxRows rows, or over the package's limits. The error is an
// [*Error], which may wrap visit's own.
func Read(r io.ReaderAt, size int64, wanted []Column, maxRows int, visit Visit) (Table, error) {
	return read(newBudget(maxTotal, maxPages), r, size, wanted, maxRows, visit)
}

func read(limits *budget, r io.ReaderAt, size int64, wanted []Column, maxRows int, visit Visit) (_ Table, err error) {
	var reading string // the column
	defer func() {
		if cause := recover(); cause != nil {
			err = &Error{Column: reading, Err: recovered(cause)}
		}
	}()
	f, err := open(r, size, limits)
	if err != nil {
		return Table{}, &Error{Err: err}
	}
	found, others, err := find(f.arrow.MetaData().Schema, wanted)
	if err != nil {
		return Table{}, err
	}
	table := Table{Others: others}
	for i := range f.arrow.NumRowGroups() {
		rows := f.arrow.MetaData().RowGroups[i].GetNumRows()
		if rows < 0 || rows > int64(maxRows-table.Rows) {
			return Table{}, &Error{Err: fmt.Errorf("the file has more than %d rows", maxRows)}
		}
		for _, c := range found {
			reading = c.name
			if err := f.readColumn(i, c, int(rows), func(row int, value []byte) error {
				return visit(table.Rows+row, c.name, value)
			}); err != nil {
				return Table{}, &Error{Column: c.name, Err: err}
			}
		}
		table.Rows += int(rows)
	}
	return table, nil
}

// openFile is a file with checked metadata.
type openFile struct {
	r      io.ReaderAt
	size   int64
	limits *budget
	arrow  *file.Reader
}

func open(r io.ReaderAt, size int64, limits *budget) (*openFile, error) {
	decoded, err := readMetadata(r, size)
	if err != nil {
		return nil, err
	}
	reader, err := file.NewParquetReader(io.NewSectionReader(r, 0, size),
		file.WithMetadata(decoded), file.WithReadProps(parquet.NewReaderProperties(limits)))
	return &openFile{r: r, size: size, limits: limits, arrow: reader}, err
}

// readColumn visits the rows of one column in one row group.
func (f *openFile) readColumn(group int, c column, rows int, visit func(row int, value []byte) error) error {
	if rows == 0 {
		return nil
	}
	reader := f.arrow.RowGroup(group)
	if reader.NumColumns() != f.arrow.MetaData().Schema.NumColumns() {
		return errors.New("a row group does not have the column")
	}
	chunk, err := reader.MetaData().ColumnChunk(c.leaf)
	if err != nil {
		return err
	}
	if err := f.checkChunk(chunk, c, int64(rows)); err != nil {
		return err
	}
	pages, err := reader.GetColumnPageReader(c.leaf)
	if err != nil {
		return err
	}
	checked := &checkedPages{PageReader: pages, column: c}
	//nolint:staticcheck // SA1019: arrow-go has no other way to look at a page before it decodes it
	values := file.NewColumnReader(f.arrow.MetaData().Schema.Column(c.leaf), checked, f.limits, f.arrow.BufferPool())
	return f.eachValue(values, checked, rows, visit)
}

// checkChunk returns an error unless the chunk belongs to the column, lies within the file, and has
// pages with sound headers for all rows.
func (f *openFile) checkChunk(chunk *metadata.ColumnChunkMetaData, c column, rows int64) error {
	if !slices.Equal(chunk.PathInSchema(), parquet.ColumnPath{c.name}) {
		return errors.New("a row group does not have the column")
	}
	if chunk.NumValues() != rows {
		return fmt.Errorf("a row group has %d values in %d rows", chunk.NumValues(), rows)
	}
	start, length := chunk.DataPageOffset(), chunk.TotalCompressedSize()
	if chunk.HasDictionaryPage() && chunk.DictionaryPageOffset() > 0 {
		start = min(start, chunk.DictionaryPageOffset())
	}
	if start < 0 || length < 0 || start > f.size || length > f.size-start {
		return fmt.Errorf("its %d bytes at %d are outside the file", length, start)
	}
	if length > maxChunk {
		return fmt.Errorf("a row group has %d MiB of it: the maximum is %d", length>>20, maxChunk>>20)
	}
	if err := f.limits.spend(length); err != nil {
		return err
	}
	return checkPages(io.NewSectionReader(f.r, start, length), rows, f.limits)
}

// eachValue visits the values of a column's pages.
func (f *openFile) eachValue(values file.ColumnChunkReader, pages *checkedPages, rows int, visit func(int, []byte) error) error {
	next, err := decoder(values)
	if err != nil {
		return err
	}
	for row := 0; row < rows; {
		cells, err := next(pages.batch())
		if err == nil {
			err = values.Err()
		}
		if err == nil && len(cells) == 0 && pages.ended {
			err = fmt.Errorf("a row group has %d of its %d values", row, rows)
		}
		if err != nil {
			return err
		}
		pages.left -= len(cells)
		for _, cell := range cells {
			if pages.encoding == parquet.Encodings.DeltaByteArray {
				err = f.limits.spend(int64(len(cell)))
			}
			if err == nil {
				err = visit(row, cell)
			}
			if err != nil {
				return err
			}
			row++
		}
	}
	return nil
}

// next returns at most that many of the next values of a column, nil for null. They are valid until
// the next call. It returns none after a page without values.
type next func(most int) ([][]byte, error)

// decoder returns the function that yields the values of a column.
func decoder(values file.ColumnChunkReader) (next, error) {
	nullable := values.Descriptor().MaxDefinitionLevel() > 0
	switch values := values.(type) {
	case *file.ByteArrayColumnChunkReader:
		return batches(values.ReadBatch, nullable, func(text parquet.ByteArray) []byte { return text }), nil
	case *file.Int32ColumnChunkReader:
		return batches(values.ReadBatch, nullable, func(n int32) []byte { return strconv.AppendInt(nil, int64(n), 10) }), nil
	case *file.Int64ColumnChunkReader:
		return batches(values.ReadBatch, nullable, func(n int64) []byte { return strconv.AppendInt(nil, n, 10) }), nil
	}
	return nil, errors.New("the column is not text")
}

// maxBatch is the maximum number of values read at a time.
const maxBatch = 256

// batches inserts the nulls that arrow-go omits: it gets the existing values, and a level for each
// row.
func batches[T any](
	readBatch func(int64, []T, []int16, []int16) (int64, int, error), nullable bool, text func(T) []byte,
) next {
	found, levels := make([]T, maxBatch), make([]int16, maxBatch)
	cells := make([][]byte, 0, maxBatch)
	return func(most int) ([][]byte, error) {
		rows, count, err := readBatch(int64(most), found, levels, nil)
		if err != nil {
			return nil, err
		}
		cells = cells[:0]
		values := found[:count]
		for row := range rows {
			if nullable && levels[row] == 0 {
				cells = append(cells, nil)
				continue
			}
			if len(values) == 0 {
				return nil, errShort
			}
			cell := text(values[0])
			if cell == nil {
				cell = []byte{} // empty is not null
			}
			cells, values = append(cells, cell), values[1:]
		}
		return cells, nil
	}
}
