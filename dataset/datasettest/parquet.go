package datasettest

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// Column is a column of a Parquet file.
type Column struct {
	Name string
	// Values of the rows: []string, []*string (nil is null), []int64, [][]string (lists) or
	// []Picture.
	Values any
}

// Picture is a structure, the Hugging Face hub's form of an image.
type Picture struct{ Bytes, Path string }

// Parquet returns a file with the columns, which arrow-go writes in row groups of that size. It
// dictionary-encodes text unless an option disables that.
func Parquet(group int, columns []Column, options ...parquet.WriterProperty) ([]byte, error) {
	var fields schema.FieldList
	rows := 0
	for _, column := range columns {
		field, count, err := node(column)
		if err != nil {
			return nil, err
		}
		fields, rows = append(fields, field), count
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, fields, -1)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := file.NewParquetWriter(&out, root, file.WithWriterProps(parquet.NewWriterProperties(options...)))
	for from := 0; from < rows; from += group {
		part := w.AppendRowGroup()
		for _, column := range columns {
			if err := write(part, column.Values, from, min(from+group, rows)); err != nil {
				return nil, fmt.Errorf("writing column %s: %w", column.Name, err)
			}
		}
		if err := part.Close(); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return out.Bytes(), err
}

// node returns the column's place in the schema, and its number of rows.
func node(column Column) (schema.Node, int, error) {
	text := func(name string, repetition parquet.Repetition) schema.Node {
		return schema.MustPrimitive(schema.NewPrimitiveNodeLogical(
			name, repetition, schema.StringLogicalType{}, parquet.Types.ByteArray, 0, -1))
	}
	required := parquet.Repetitions.Required
	switch values := column.Values.(type) {
	case []string:
		return text(column.Name, required), len(values), nil
	case []*string:
		return text(column.Name, parquet.Repetitions.Optional), len(values), nil
	case []int64:
		return schema.NewInt64Node(column.Name, required, -1), len(values), nil
	case [][]string:
		list, err := schema.ListOfWithName(column.Name, text("element", required), required, -1)
		return list, len(values), err
	case []Picture:
		fields := schema.FieldList{text("bytes", required), text("path", required)}
		group, err := schema.NewGroupNode(column.Name, required, fields, -1)
		return group, len(values), err
	}
	return nil, 0, fmt.Errorf("column %s has %T", column.Name, column.Values)
}

// write writes some rows of a column.
func write(group file.SerialRowGroupWriter, values any, from, to int) error {
	switch values := values.(type) {
	case []string:
		return writeTexts(group, values[from:to], nil, nil)
	case []*string:
		var present []string
		var levels []int16
		for _, value := range values[from:to] {
			if value == nil {
				levels = append(levels, 0)
				continue
			}
			present, levels = append(present, *value), append(levels, 1)
		}
		return writeTexts(group, present, levels, nil)
	case [][]string:
		var all []string
		var levels, repeated []int16
		for _, list := range values[from:to] {
			for i, value := range list {
				all, levels, repeated = append(all, value), append(levels, 1), append(repeated, int16(min(i, 1)))
			}
			if len(list) == 0 {
				levels, repeated = append(levels, 0), append(repeated, 0)
			}
		}
		return writeTexts(group, all, levels, repeated)
	case []Picture:
		var contents, paths []string
		for _, picture := range values[from:to] {
			contents, paths = append(contents, picture.Bytes), append(paths, picture.Path)
		}
		if err := writeTexts(group, contents, nil, nil); err != nil {
			return err
		}
		return writeTexts(group, paths, nil, nil)
	case []int64:
		chunk, err := group.NextColumn()
		if err != nil {
			return err
		}
		if _, err := chunk.(*file.Int64ColumnChunkWriter).WriteBatch(values[from:to], nil, nil); err != nil {
			return err
		}
		return chunk.Close()
	}
	return nil
}

func writeTexts(group file.SerialRowGroupWriter, texts []string, levels, repeated []int16) error {
	chunk, err := group.NextColumn()
	if err != nil {
		return err
	}
	values := make([]parquet.ByteArray, len(texts))
	for i, text := range texts {
		values[i] = parquet.ByteArray(text)
	}
	if _, err := chunk.(*file.ByteArrayColumnChunkWriter).WriteBatch(values, levels, repeated); err != nil {
		return err
	}
	return chunk.Close()
}
