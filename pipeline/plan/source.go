package plan

import (
	"dagger/eval-images/dataset"
	"dagger/eval-images/redact"
)

// SourceFields say in a plan's line and in a record which dataset of the hub it is from, so that a
// run can be repeated. All are null if it is from a file or the bundled sample.
type SourceFields struct {
	Dataset         redact.Field `json:"dataset"`
	DatasetConfig   redact.Field `json:"dataset_config"`
	DatasetSplit    redact.Field `json:"dataset_split"`
	DatasetRevision redact.Field `json:"dataset_revision"`
}

// FieldsOf are the fields of a source.
func FieldsOf(s dataset.Source) SourceFields {
	return SourceFields{
		Dataset: redact.Field(s.Name), DatasetConfig: redact.Field(s.Config), DatasetSplit: redact.Field(s.Split), DatasetRevision: redact.Field(s.Revision),
	}
}

// Source is that of the fields.
func (f SourceFields) Source() dataset.Source {
	return dataset.Source{
		Name: string(f.Dataset), Config: string(f.DatasetConfig), Split: string(f.DatasetSplit), Revision: string(f.DatasetRevision),
	}
}
