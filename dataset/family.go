package dataset

import (
	"fmt"
	"strings"

	"dagger/eval-images/redact"
)

// Family is the rule by which a group of benchmarks names its official images.
// The values are those of [Families]; the zero value is none.
type Family struct {
	// Name is how a user asks for the family: `swebench`, `pro`.
	Name string
	// Dataset is the Hugging Face dataset that is meant unless another is named.
	Dataset string
	// Aliases are other datasets that are clearly of this family.
	Aliases []string
	// Split is the dataset's split that is meant unless another is named.
	Split string
	// Shared says that several instances run on one official image by design.
	// Elsewhere two ids that lead to one image are an error.
	Shared bool
	// ImageColumn is the column, besides `instance_id`, by which the family names
	// official images; empty if the id is enough. A row without a text in it must
	// name its image itself.
	ImageColumn string

	id     func(Row) (string, error)                // nil takes the column instance_id
	repo   func(id string, row Row) (string, error) // {repo} of a template; nil takes the id's first part
	image  func(id string, row Row) (string, error) // not yet checked
	custom func(image string) string                // nil takes the last path segment
	drop   func(Row) bool                           // nil keeps every row
}

// instanceID returns the row's id, not yet checked.
func (f Family) instanceID(row Row) (string, error) {
	if f.id == nil {
		return row.InstanceID, nil
	}
	return f.id(row)
}

// repoOf returns what stands for `{repo}` in a template.
func (f Family) repoOf(c candidate) (string, error) {
	if f.repo == nil {
		repo, _, err := splitID(c.id)
		return repo, err
	}
	return f.repo(c.id, c.row)
}

// customOf returns the part of the built tags that stands for a well-formed image.
func (f Family) customOf(image string) string {
	if f.custom == nil {
		return lastSegment(image)
	}
	return f.custom(image)
}

// drops reports whether the family leaves the row out.
func (f Family) drops(row Row) bool {
	return f.drop != nil && f.drop(row)
}

// FamilyByName returns the family of that name, or an error that lists the names.
func FamilyByName(name string) (Family, error) {
	for _, family := range Families() {
		if family.Name == name {
			return family, nil
		}
	}
	return Family{}, fmt.Errorf("family %s is unknown: valid are %s", redact.Quote(name), strings.Join(FamilyNames(), ", "))
}

// FamilyNames returns the names of all families, for help texts.
func FamilyNames() []string {
	var names []string
	for _, family := range Families() {
		names = append(names, family.Name)
	}
	return names
}

// GuessFamily returns the family of a Hugging Face dataset. It knows the exact
// names only, in any case: `SWE-bench-Live/SWE-bench-Live` looks like swebench,
// but its images are named otherwise.
func GuessFamily(datasetName string) (Family, bool) {
	for _, family := range Families() {
		for _, known := range append([]string{family.Dataset}, family.Aliases...) {
			if strings.EqualFold(known, datasetName) {
				return family, true
			}
		}
	}
	return Family{}, false
}
