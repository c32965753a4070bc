package main

import (
	"context"
	"fmt"
	"strings"

	"dagger/eval-images/dataset"
)

// noSuchFile is how the engine's errors end where a server answers 404. Elsewhere in them 404 may be a part of an address.
const noSuchFile = "invalid response status 404"

// hubRows reads a split of a dataset of the Hugging Face hub. The engine fetches and keeps the files, so the next call does not
// download them again.
func hubRows(ctx context.Context, hub dataset.Hub, name, split string) ([]dataset.Row, error) {
	list, err := hub.ParquetListURL(name)
	if err != nil {
		return nil, err
	}
	listing, err := dag.HTTP(list).Contents(ctx)
	if err != nil && strings.HasSuffix(strings.TrimSpace(err.Error()), noSuchFile) {
		return nil, fmt.Errorf("the hub has no dataset %s, or does not show it without a login: see %s", name, dataset.QuoteName(list))
	}
	if err != nil {
		return nil, fmt.Errorf("asking the hub for the dataset %s: %w", name, err)
	}
	urls, err := hub.ParquetURLs([]byte(listing), "", split)
	if err != nil {
		return nil, fmt.Errorf("dataset %s: %w", name, err)
	}
	var rows []dataset.Row
	for i, url := range urls {
		// The engine calls a download by its digest. How it is read, and what errors call it, goes by its name.
		more, err := readRows(ctx, dag.HTTP(url).WithName(fmt.Sprintf("%s-%d.parquet", split, i)))
		if err == nil {
			rows, err = dataset.Join(rows, more)
		}
		if err != nil {
			return nil, fmt.Errorf("dataset %s: %w", name, err)
		}
	}
	return rows, nil
}
