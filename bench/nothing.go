package main

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"os"
	"os/exec"
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
		command := exec.CommandContext(ctx, "dagger", "call", "--progress", "plain", "--silent",
			"directory", "export", "--path", filepath.Join(n.lab.work, "nothing"))
		command.Dir = filepath.Join(n.lab.work, "testdata", "nothing")
		var stderr bytes.Buffer
		command.Stderr = &stderr
		if err := command.Run(); err != nil {
			return fmt.Errorf("dagger call: %w\n%s", err, stderr.String())
		}
		return nil
	})
}

func (*nothing) clear(context.Context) error { return nil }
