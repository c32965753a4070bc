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

// selection says which instances a call is about, as its flags say it.
type selection struct {
	dataset, hub, split, config, revision string
	hubToken                              *dagger.Secret
	file                                  *dagger.File
	family                                string
	ids                                   []string
	selected                              *dagger.File
	limit, seed                           int
	shard                                 string
}

// selection is that of the module's flags.
func (m *EvalImages) selection() selection {
	return selection{
		dataset: m.Dataset, hub: m.Hub, file: m.DatasetFile, split: m.Split, family: m.Family, config: m.Config,
		revision: m.Revision, hubToken: m.HubToken, ids: m.InstanceIDs, selected: m.Select, limit: m.Limit, seed: m.Seed,
		shard: m.Shard,
	}
}

// instances reads the dataset and chooses.
func (m *EvalImages) instances(ctx context.Context, s selection) (dataset.Result, dataset.Source, error) {
	family, err := s.resolveFamily(ctx)
	if err != nil {
		return dataset.Result{}, dataset.Source{}, err
	}
	chosen, err := s.choose(ctx)
	if err != nil {
		return dataset.Result{}, dataset.Source{}, err
	}
	rows, source, err := s.rows(ctx, family, families.Template(m.ImageTemplate).Columns())
	if err != nil {
		return dataset.Result{}, dataset.Source{}, err
	}
	found, err := dataset.Resolve(rows, dataset.Options{
		Family: family, Template: families.Template(m.ImageTemplate), Selection: chosen,
	})
	return found, source, err
}

// resolveFamily is the family that was asked for, or else the one of the dataset's name, or else that of the bundled sample.
func (s selection) resolveFamily(ctx context.Context) (families.Family, error) {
	if s.dataset != "" && s.file != nil {
		return families.Family{}, fmt.Errorf("--dataset and --dataset-file exclude each other")
	}
	if s.family != "" {
		return families.ByName(s.family)
	}
	if s.dataset == "" {
		return families.ByName(defaultFamily)
	}
	family, ok := families.Guess(s.dataset)
	if !ok {
		return families.Family{}, fmt.Errorf("which family %s belongs to is not clear: say it with --family, one of %s", redact.Quote(s.dataset), strings.Join(families.Names(), ", "))
	}
	return family, nil
}

// defaultFamily is the family of a dataset without a name: the bundled sample, or a file.
const defaultFamily = "swebench"

func (s selection) choose(ctx context.Context) (chosen dataset.Selection, err error) {
	chosen = dataset.Selection{Limit: s.limit, Seed: s.seed}
	if chosen.Shard, err = dataset.ParseShard(s.shard); err != nil {
		return chosen, err
	}
	if chosen.IDs, err = dataset.ParseIDs(strings.Join(s.ids, ",")); err != nil {
		return chosen, err
	}
	if s.selected == nil {
		return chosen, nil
	}
	if len(chosen.IDs) > 0 {
		return chosen, fmt.Errorf("--instance-ids and --select exclude each other")
	}
	err = withLocalFile(ctx, s.selected, func(name string, file *os.File, _ int64) error {
		chosen.IDs, err = dataset.ReadIDs(name, file)
		return err
	})
	return chosen, err
}

// rows of the dataset, and which of the hub's they are: those of the file, of the hub's dataset, or of the bundled sample. They have
// further columns, as far as the dataset has them.
func (s selection) rows(ctx context.Context, family families.Family, further []string) ([]table.Row, dataset.Source, error) {
	if flag := s.ofHub(); flag != "" && s.dataset == "" {
		return nil, dataset.Source{}, fmt.Errorf("%s is for --dataset: a file and the bundled sample have none", flag)
	}
	switch {
	case s.file != nil:
		rows, err := readRows(ctx, s.file, further)
		return rows, dataset.Source{}, err
	case s.dataset != "":
		split := s.split
		if split == "" {
			split = family.Split
		}
		return s.hubRows(ctx, split, further)
	default:
		return dataset.Sample(), dataset.Source{}, nil
	}
}

// ofHub is the first flag given that says something of a dataset of the hub; empty if none is.
func (s selection) ofHub() string {
	switch {
	case s.split != "":
		return "--split"
	case s.config != "":
		return "--config"
	case s.revision != "":
		return "--revision"
	case s.hubToken != nil:
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
