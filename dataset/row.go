package dataset

import (
	"bytes"
	"fmt"
	"slices"
)

// Row is one row of a dataset, reduced to the columns that name an image. A
// column that the dataset lacks is empty. Values are as read: [Resolve] checks
// them.
type Row struct {
	// InstanceID is the dataset's name of the instance.
	InstanceID string
	// Repo is `owner/name`, or the name alone beside an Org.
	Repo string
	// Org is the repository's owner (multiswebench).
	Org string
	// Number is the pull request's number (multiswebench).
	Number string
	// ImageName is the official image, mostly without its registry (swesmith,
	// SWE-rebench V2).
	ImageName string
	// DockerImage is the same in other datasets (SWE-rebench, SWE-bench-Live).
	DockerImage string
	// Image is the same in SWE-bench's since August 2026, and elsewhere a picture.
	Image string
	// DockerhubTag is the official image's tag (pro).
	DockerhubTag string
	// Columns are further columns, which a [Template] names.
	Columns map[string]string

	// BlankProblem says that the row has a `problem_statement` with nothing in
	// it but white space, or null. Only this is kept of the text, which can be
	// long.
	BlankProblem bool
	// Position is where the row was read, for errors.
	Position Position

	// others are the columns that have something else than text here. A row with one is
	// refused only where the column is needed. Rows may share the slice.
	others []other
}

// other is a column with a value other than text, and the kind of value: "a list".
type other struct{ column, kind string }

// The columns that are read, by the names that datasets give them.
const (
	idColumn           = "instance_id"
	repoColumn         = "repo"
	orgColumn          = "org"
	numberColumn       = "number"
	imageColumn        = "image"
	dockerImageColumn  = "docker_image"
	imageNameColumn    = "image_name"
	dockerhubTagColumn = "dockerhub_tag"
	problemColumn      = "problem_statement"
)

// cellColumns returns the columns whose values are kept.
func cellColumns() []string {
	return []string{
		idColumn, repoColumn, orgColumn, numberColumn, imageColumn, imageNameColumn, dockerImageColumn, dockerhubTagColumn,
	}
}

// wantedColumns returns every column of which something is kept, each once.
func wantedColumns(further []string) []string {
	wanted := append(cellColumns(), problemColumn)
	for _, column := range further {
		if !slices.Contains(wanted, column) {
			wanted = append(wanted, column)
		}
	}
	return wanted
}

// isInteger reports whether whole numbers are kept of the column as well as text.
// What identifies an instance or names an image has to be text.
func isInteger(column string) bool {
	return column == numberColumn || !slices.Contains(cellColumns(), column)
}

// needText returns an error if the column has something else than text here, or than
// a whole number where that will do.
func (r *Row) needText(column string) error {
	for _, other := range r.others {
		switch {
		case other.column == column && isInteger(column):
			return fmt.Errorf("the value is %s, neither text nor a whole number", other.kind)
		case other.column == column:
			return fmt.Errorf("the value is %s, not text", other.kind)
		}
	}
	return nil
}

// text returns the value of any column; empty if the row has none.
func (r Row) text(column string) string {
	if cell := r.cell(column); cell != nil {
		return *cell
	}
	return r.Columns[column]
}

// cell returns a pointer to the value of a column that has a field; nil for others.
func (r *Row) cell(column string) *string {
	switch column {
	case idColumn:
		return &r.InstanceID
	case repoColumn:
		return &r.Repo
	case orgColumn:
		return &r.Org
	case numberColumn:
		return &r.Number
	case imageColumn:
		return &r.Image
	case imageNameColumn:
		return &r.ImageName
	case dockerImageColumn:
		return &r.DockerImage
	case dockerhubTagColumn:
		return &r.DockerhubTag
	default:
		return nil
	}
}

// isBare reports whether nothing of the row is kept.
func (r *Row) isBare() bool {
	return len(r.Columns) == 0 && len(r.others) == 0 && !slices.ContainsFunc(cellColumns(), func(column string) bool {
		return *r.cell(column) != ""
	})
}

// set takes over the value of any column that is read, if it can be kept beside
// those that are. A nil value is null.
func (r *Row) set(column string, value []byte, total *kept) error {
	if column == problemColumn {
		r.BlankProblem = len(bytes.TrimSpace(value)) == 0
		return nil
	}
	if column == imageColumn && len(value) > maxCell {
		return nil // a picture
	}
	if err := keep(total, r.Position, column, value); err != nil {
		return err
	}
	if cell := r.cell(column); cell != nil {
		*cell = string(value)
	} else if value != nil {
		if r.Columns == nil {
			r.Columns = make(map[string]string)
		}
		r.Columns[column] = string(value)
	}
	return nil
}

// checkCells returns an error if a value cannot be kept beside those that are.
func (r *Row) checkCells(total *kept) error {
	for _, column := range cellColumns() {
		if err := keep(total, r.Position, column, *r.cell(column)); err != nil {
			return err
		}
	}
	for column, value := range r.Columns {
		if err := keep(total, r.Position, column, value); err != nil {
			return err
		}
	}
	return nil
}
