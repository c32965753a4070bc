package dataset

import "bytes"

// Row is one row of a dataset, reduced to the columns that name an image. A
// column that the dataset lacks is empty. Values are as read: [Resolve] checks
// them.
type Row struct {
	// InstanceID is the dataset's name of the instance.
	InstanceID string `json:"instance_id"`
	// Repo is `owner/name`, or the name alone beside an Org.
	Repo string `json:"repo"`
	// Org is the repository's owner (multiswebench).
	Org string `json:"org"`
	// ImageName is the official image without its registry (swesmith).
	ImageName string `json:"image_name"`
	// DockerhubTag is the official image's tag (pro).
	DockerhubTag string `json:"dockerhub_tag"`

	// BlankProblem says that the row has a `problem_statement` with nothing in
	// it but white space, or null. Only this is kept of the text, which can be
	// long.
	BlankProblem bool `json:"-"`
	// Position is where the row was read, for errors.
	Position Position `json:"-"`
}

// The columns that are read, by the names that datasets give them.
const (
	idColumn           = "instance_id"
	repoColumn         = "repo"
	orgColumn          = "org"
	imageNameColumn    = "image_name"
	dockerhubTagColumn = "dockerhub_tag"
	problemColumn      = "problem_statement"
)

// cellColumns returns the columns whose values are kept.
func cellColumns() []string {
	return []string{idColumn, repoColumn, orgColumn, imageNameColumn, dockerhubTagColumn}
}

// cell returns a pointer to the value of one of the cellColumns.
func (r *Row) cell(column string) *string {
	switch column {
	case repoColumn:
		return &r.Repo
	case orgColumn:
		return &r.Org
	case imageNameColumn:
		return &r.ImageName
	case dockerhubTagColumn:
		return &r.DockerhubTag
	default:
		return &r.InstanceID
	}
}

// set takes over the value of any column that is read, if it can be kept beside
// those that are. A nil value is null.
func (r *Row) set(column string, value []byte, total *kept) error {
	if column == problemColumn {
		r.BlankProblem = len(bytes.TrimSpace(value)) == 0
		return nil
	}
	if err := keep(total, r.Position, column, value); err != nil {
		return err
	}
	*r.cell(column) = string(value)
	return nil
}

// checkCells returns an error if a value cannot be kept beside those that are.
func (r *Row) checkCells(total *kept) error {
	for _, column := range cellColumns() {
		if err := keep(total, r.Position, column, *r.cell(column)); err != nil {
			return err
		}
	}
	return nil
}
