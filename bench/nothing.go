package main

import (
	"context"
	"embed"
	"os"
	"path/filepath"
)

// nothingSource is a module that does nothing.
//
//go:embed testdata/nothing
var nothingSource embed.FS

// nothing calls a module that does nothing, as [module] calls this one: what takes as long in both is the dagger command's and the
// engine's time.
type nothing struct {
	lab   *lab
	ready bool
}

// prepare has the engine compile the module.
func (n *nothing) prepare(ctx context.Context, job batch) error {
	if n.ready {
		return nil
	}
	if err := os.CopyFS(n.lab.work, nothingSource); err != nil {
		return err
	}
	n.ready = true
	_, err := n.run(ctx, job)
	return err
}

func (n *nothing) run(ctx context.Context, _ batch) (timing, error) {
	return timed(func() error {
		return dagger(ctx, filepath.Join(n.lab.work, "testdata", "nothing"),
			"call", "--progress", "plain", "--silent", "directory", "export", "--path", filepath.Join(n.lab.work, "nothing"))
	})
}

func (*nothing) clear(context.Context) error { return nil }
