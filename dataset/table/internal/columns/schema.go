package columns

import (
	"errors"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"
)

// Column is a wanted column.
type Column struct {
	// Name of the column, at the top of the schema.
	Name string
	// Integer allows whole numbers as well as text.
	Integer bool
}

// column is a readable column of the file.
type column struct {
	name string
	leaf int // its place among the columns of a row group
	// nullable columns have a level for each row: 0 for null, 1 for a value.
	nullable bool
	// size of a number in bytes; 0 for text
	size int
}

// find returns the readable wanted columns of the file, and the types of the other wanted ones: "a
// list".
func find(s *schema.Schema, wanted []Column) (found []column, others map[string]string, err error) {
	others = make(map[string]string)
	for _, w := range wanted {
		field, err := topLevel(s, w.Name)
		if err != nil {
			return nil, nil, &Error{Column: w.Name, Err: err}
		}
		if field == nil {
			continue
		}
		size, kind := sizeOf(field, w.Integer)
		if kind != "" {
			others[w.Name] = kind
			continue
		}
		found = append(found, column{
			name: w.Name, leaf: leafOf(s, w.Name), size: size,
			nullable: field.RepetitionType() == parquet.Repetitions.Optional,
		})
	}
	return found, others, nil
}

// topLevel returns the column of that name, or nil.
func topLevel(s *schema.Schema, name string) (field schema.Node, err error) {
	root := s.Root()
	for i := range root.NumFields() {
		if root.Field(i).Name() != name {
			continue
		}
		if field != nil {
			return nil, errors.New("the column appears twice")
		}
		field = root.Field(i)
	}
	return field, nil
}

// leafOf returns the position of a top-level column without children.
func leafOf(s *schema.Schema, name string) int {
	for i := range s.NumColumns() {
		if path := s.Column(i).ColumnPath(); len(path) == 1 && path[0] == name {
			return i
		}
	}
	return -1
}

// sizeOf returns the size of the column's numbers, 0 for text, or else the type of its values.
func sizeOf(field schema.Node, integer bool) (size int, kind string) {
	primitive, ok := field.(*schema.PrimitiveNode)
	switch {
	case field.RepetitionType() == parquet.Repetitions.Repeated:
		return 0, "a list"
	case !ok:
		return 0, kindOfGroup(field)
	}
	_, whole := field.LogicalType().(schema.IntLogicalType)
	whole = integer && (whole || field.LogicalType().IsNone()) // and not a date, or a decimal
	switch primitive.PhysicalType() {
	case parquet.Types.ByteArray:
		return 0, ""
	case parquet.Types.Int32:
		if whole {
			return 4, ""
		}
	case parquet.Types.Int64:
		if whole {
			return 8, ""
		}
	case parquet.Types.Boolean:
		return 0, "a boolean"
	case parquet.Types.FixedLenByteArray:
		return 0, "binary"
	}
	return 0, "a number"
}

func kindOfGroup(field schema.Node) string {
	switch field.LogicalType().(type) {
	case schema.ListLogicalType:
		return "a list"
	case schema.MapLogicalType:
		return "a map"
	}
	if field.ConvertedType() == schema.ConvertedTypes.List {
		return "a list"
	}
	return "a struct"
}
