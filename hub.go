package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/hub"
	"dagger/eval-images/dataset/table"
	"dagger/eval-images/engine"
)

// hubRows reads a split of the dataset, from the hub itself: what the engine fetches comes without the hub's words, and without the
// user's token. In exchange, the engine does not keep the files, so each call downloads them again.
func (m *EvalImages) hubRows(ctx context.Context, split string, further []string) ([]table.Row, dataset.Source, error) {
	client := hub.Client{
		Address: hub.Address(m.Hub), Network: engine.Network,
		Report: report,
	}
	if m.HubToken != nil {
		var err error
		if client.Token, err = m.HubToken.Plaintext(ctx); err != nil {
			return nil, dataset.Source{}, fmt.Errorf("reading --hub-token: %w", err)
		}
		if strings.TrimSpace(client.Token) == "" {
			return nil, dataset.Source{}, errors.New("--hub-token is empty")
		}
	}
	rows, source, err := client.Read(ctx, hub.Part{Name: m.Dataset, Config: m.Config, Split: split, Revision: m.Revision, Columns: further})
	if advice := hub.Advice(err); advice != "" {
		err = fmt.Errorf("%w\n  → %s", err, advice)
	}
	return rows, source, err
}
