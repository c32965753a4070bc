package variant

import (
	"context"
	"os"
	"path/filepath"

	"eval-images/bench/internal/fixture"
)

// noOp calls a module that does nothing, in the same way as [Module] calls this one. What both
// calls take is the time of the dagger command and the engine.
type noOp struct {
	maker *fixture.Maker
	ready bool
}

func (n *noOp) source() string { return filepath.Join(n.maker.Work, "noop-module") }

// Prepare copies the module, so that its generated code does not end up in the repository, and
// has the engine compile it.
func (n *noOp) Prepare(ctx context.Context, job fixture.Batch) error {
	if n.ready {
		return nil
	}
	if err := os.CopyFS(n.source(), os.DirFS(filepath.Join(n.maker.Root, "bench", "testdata", "noop"))); err != nil {
		return err
	}
	n.ready = true
	_, err := n.Run(ctx, job)
	return err
}

// Run calls the module.
func (n *noOp) Run(ctx context.Context, _ fixture.Batch) (Timing, error) {
	return timed(func() error {
		return dagger(ctx, n.source(), "call", "--progress", "plain", "--silent",
			"directory", "export", "--path", filepath.Join(n.maker.Work, "noop"))
	})
}

// Clear has nothing to remove.
func (*noOp) Clear(context.Context) error { return nil }
