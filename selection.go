package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/families"
	"dagger/eval-images/dataset/table"
	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/redact"
)

// instances reads the dataset and returns the instances that the flags select.
func (m *EvalImages) instances(ctx context.Context) (dataset.Result, dataset.Source, error) {
	family, err := m.resolveFamily()
	if err != nil {
		return dataset.Result{}, dataset.Source{}, err
	}
	chosen, err := m.selection(ctx)
	if err != nil {
		return dataset.Result{}, dataset.Source{}, err
	}
	rows, source, err := m.rows(ctx, family, families.Template(m.ImageTemplate).Columns())
	if err != nil {
		return dataset.Result{}, dataset.Source{}, err
	}
	found, err := dataset.Resolve(rows, dataset.Options{
		Family: family, Template: families.Template(m.ImageTemplate), Selection: chosen,
	})
	return found, source, err
}

// resolveFamily returns the family of --family, or else the one that the dataset's name tells. A
// dataset without a name has [defaultFamily].
func (m *EvalImages) resolveFamily() (families.Family, error) {
	if m.Dataset != "" && m.DatasetFile != nil {
		return families.Family{}, fmt.Errorf("--dataset and --dataset-file exclude each other")
	}
	if m.Family != "" {
		return families.ByName(m.Family)
	}
	if m.Dataset == "" {
		return families.ByName(defaultFamily)
	}
	family, ok := families.Guess(m.Dataset)
	if !ok {
		return families.Family{}, fmt.Errorf("which family %s belongs to is not clear: say it with --family, one of %s", redact.Quote(m.Dataset), strings.Join(families.Names(), ", "))
	}
	return family, nil
}

// defaultFamily is the family of a dataset without a name: the bundled sample, or a file.
const defaultFamily = "swebench"

// selection returns which of the dataset's instances the flags select.
func (m *EvalImages) selection(ctx context.Context) (chosen dataset.Selection, err error) {
	chosen = dataset.Selection{Limit: m.Limit, Seed: m.Seed}
	if chosen.Shard, err = dataset.ParseShard(m.Shard); err != nil {
		return chosen, err
	}
	if chosen.IDs, err = dataset.ParseIDs(strings.Join(m.InstanceIds, ",")); err != nil {
		return chosen, err
	}
	if m.Select == nil {
		return chosen, nil
	}
	if len(chosen.IDs) > 0 {
		return chosen, fmt.Errorf("--instance-ids and --select exclude each other")
	}
	err = withLocalFile(ctx, m.Select, func(name string, file *os.File, _ int64) error {
		chosen.IDs, err = dataset.ReadIDs(name, file)
		return err
	})
	return chosen, err
}

// rows reads the rows of --dataset-file, of --dataset, or of the bundled sample, with the further
// columns that the dataset has. The source is zero unless they come from the hub.
func (m *EvalImages) rows(ctx context.Context, family families.Family, further []string) ([]table.Row, dataset.Source, error) {
	if flag := m.hubFlag(); flag != "" && m.Dataset == "" {
		return nil, dataset.Source{}, fmt.Errorf("%s is for --dataset: a file and the bundled sample have none", flag)
	}
	switch {
	case m.DatasetFile != nil:
		rows, err := readRows(ctx, m.DatasetFile, further)
		return rows, dataset.Source{}, err
	case m.Dataset != "":
		split := m.Split
		if split == "" {
			split = family.Split
		}
		return m.hubRows(ctx, split, further)
	default:
		return dataset.Sample(), dataset.Source{}, nil
	}
}

// hubFlag returns the first flag given that only a dataset of the hub has a use for; empty if none
// is given.
func (m *EvalImages) hubFlag() string {
	switch {
	case m.Split != "":
		return "--split"
	case m.Config != "":
		return "--config"
	case m.Revision != "":
		return "--revision"
	case m.HubToken != nil:
		return "--hub-token"
	}
	return ""
}

func readRows(ctx context.Context, file *dagger.File, further []string) (rows []table.Row, err error) {
	err = withLocalFile(ctx, file, func(name string, file *os.File, size int64) error {
		rows, err = table.Read(name, file, size, further...)
		return err
	})
	return rows, err
}
