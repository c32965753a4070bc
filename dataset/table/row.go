package table

import (
	"bytes"
	"fmt"
	"slices"
)

// Row is one row of a dataset, reduced to the columns that name an image. A column that
// the dataset lacks is empty. Values are as read; nothing has checked them.
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
	// DockerImage is the official image in other datasets (SWE-rebench,
	// SWE-bench-Live).
	DockerImage string
	// Image is the official image in SWE-bench's datasets since August 2026, and a
	// picture elsewhere.
	Image string
	// DockerhubTag is the official image's tag (pro).
	DockerhubTag string
	// Columns are the further columns that [Read] was asked for.
	Columns map[string]string

	// BlankProblem means that the row's `problem_statement` is null or white space. The
	// text itself, which can be long, is not kept.
	BlankProblem bool
	// Position of the row in its file, for errors.
	Position Position

	// others are the columns with a value other than text. They are an error only where
	// the column is needed. Rows may share the slice.
	others []other
}

// other is a column with a value other than text, and the kind of value: "a list".
type other struct{ column, kind string }

// Columns to read, by their names in datasets.
const (
	IDColumn           = "instance_id"
	RepoColumn         = "repo"
	OrgColumn          = "org"
	NumberColumn       = "number"
	ImageColumn        = "image"
	DockerImageColumn  = "docker_image"
	ImageNameColumn    = "image_name"
	DockerhubTagColumn = "dockerhub_tag"
	problemColumn      = "problem_statement"
)

// cellColumns returns the columns whose values are kept.
func cellColumns() []string {
	return []string{
		IDColumn, RepoColumn, OrgColumn, NumberColumn, ImageColumn, ImageNameColumn, DockerImageColumn, DockerhubTagColumn,
	}
}

// wantedColumns returns every column to read, each once.
func wantedColumns(further []string) []string {
	wanted := append(cellColumns(), problemColumn)
	for _, column := range further {
		if !slices.Contains(wanted, column) {
			wanted = append(wanted, column)
		}
	}
	return wanted
}

// isInteger reports whether the column may have whole numbers as well as text. Columns
// that identify an instance or name an image must have text.
func isInteger(column string) bool {
	return column == NumberColumn || !slices.Contains(cellColumns(), column)
}

// NeedText returns an error if the value in the column is neither text nor, where allowed, a whole
// number. A missing value is no error.
func (r *Row) NeedText(column string) error {
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

// Text returns the value of a column; empty if the row has none.
func (r Row) Text(column string) string {
	if cell := r.cell(column); cell != nil {
		return *cell
	}
	return r.Columns[column]
}

// cell returns a pointer to the value of a column that has a field; nil for others.
func (r *Row) cell(column string) *string {
	switch column {
	case IDColumn:
		return &r.InstanceID
	case RepoColumn:
		return &r.Repo
	case OrgColumn:
		return &r.Org
	case NumberColumn:
		return &r.Number
	case ImageColumn:
		return &r.Image
	case ImageNameColumn:
		return &r.ImageName
	case DockerImageColumn:
		return &r.DockerImage
	case DockerhubTagColumn:
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

// set sets the value of a column. A nil value is null. It returns an error if the value
// or the total is too large.
func (r *Row) set(column string, value []byte, total *kept) error {
	if column == problemColumn {
		r.BlankProblem = len(bytes.TrimSpace(value)) == 0
		return nil
	}
	if column == ImageColumn && len(value) > maxCell {
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

// checkCells adds the row's values to the total, and returns an error if one of them or
// the total is too large.
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
