package main

import (
	"context"
	"fmt"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/families"
	"dagger/eval-images/dataset/table"
	"dagger/eval-images/redact"
)

// instance is the one with this id. If the call names a dataset, the instance is one of that. Otherwise it need not be in
// the bundled sample, and the id alone has to tell its official image.
func (m *EvalImages) instance(ctx context.Context, id string) (dataset.Instance, error) {
	chosen := m.selection()
	if chosen.dataset == "" && chosen.file == nil {
		return m.byID(ctx, chosen, id)
	}
	chosen.ids, chosen.selected, chosen.limit, chosen.shard = []string{id}, nil, 0, ""
	found, _, err := m.instances(ctx, chosen)
	if err != nil {
		return dataset.Instance{}, err
	}
	return only(id, found)
}

// byID is an instance of the family that the call names, or of the sample's.
func (m *EvalImages) byID(ctx context.Context, chosen selection, id string) (dataset.Instance, error) {
	family, err := chosen.resolveFamily(ctx)
	if err != nil {
		return dataset.Instance{}, err
	}
	template := families.Template(m.ImageTemplate)
	found, err := dataset.Resolve([]table.Row{{InstanceID: id}}, dataset.Options{Family: family, Template: template})
	if err != nil {
		return dataset.Instance{}, fmt.Errorf("%w\n  → If the id does not tell the official image, name the dataset, too: --dataset or --dataset-file", err)
	}
	return only(id, found)
}

// only is the one instance that was found.
func only(id string, found dataset.Result) (dataset.Instance, error) {
	if len(found.Instances) != 1 {
		return dataset.Instance{}, fmt.Errorf("--instance-id is %s: it must be the id of one instance", redact.Quote(id))
	}
	return found.Instances[0], nil
}
