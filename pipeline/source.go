package pipeline

import "dagger/eval-images/dataset"

// sourceFields say in a plan's line and in a record which dataset of the hub it is from, so that a run can be
// repeated. All are null if it is from a file or the bundled sample.
type sourceFields struct {
	Dataset         text `json:"dataset"`
	DatasetConfig   text `json:"dataset_config"`
	DatasetSplit    text `json:"dataset_split"`
	DatasetRevision text `json:"dataset_revision"`
}

func fieldsOf(s dataset.Source) sourceFields {
	return sourceFields{
		Dataset: text(s.Name), DatasetConfig: text(s.Config), DatasetSplit: text(s.Split), DatasetRevision: text(s.Revision),
	}
}

func (f sourceFields) source() dataset.Source {
	return dataset.Source{
		Name: string(f.Dataset), Config: string(f.DatasetConfig), Split: string(f.DatasetSplit), Revision: string(f.DatasetRevision),
	}
}
