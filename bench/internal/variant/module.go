package variant

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"eval-images/bench/internal/fixture"
	"eval-images/bench/internal/manifest"
	"eval-images/bench/internal/registry"
)

// Module makes agent images by `dagger call … assemble-all --publish`.
type Module struct {
	Maker     *fixture.Maker
	Publisher string // value of --publisher
	SDK       string // path; empty: [fixture.Maker.SDK]
	Flags     []string
}

// Prepare has nothing to do.
func (Module) Prepare(context.Context, fixture.Batch) error { return nil }

// Clear has nothing to remove: each run has its own names, so what the engine keeps helps no other.
func (Module) Clear(context.Context) error { return nil }

// Run times the whole call, and reads the time of the assembly from its manifest.
func (m Module) Run(ctx context.Context, job fixture.Batch) (Timing, error) {
	started := time.Now()
	out, err := m.Call(ctx, job)
	if err != nil {
		return Timing{}, err
	}
	took := Timing{Whole: time.Since(started)}
	records, err := manifest.Read(filepath.Join(out, "manifest.jsonl"))
	if err != nil {
		return took, err
	}
	status := "built"
	if job.Present {
		status = "skipped_remote_exists"
	}
	took.Assembly, err = manifest.Span(records, status, len(job.Images))
	return took, err
}

// Call calls the module, and returns the directory with its manifests.
func (m Module) Call(ctx context.Context, job fixture.Batch) (string, error) {
	at := func(path string) string { return registry.ForEngine + "/" + path }
	out := filepath.Join(m.Maker.Work, "out")
	sdk := cmp.Or(m.SDK, m.Maker.SDK())
	official := cmp.Or(job.Hub, registry.ForEngine) + "/" + cmp.Or(job.Official, m.Maker.Prefix+"/official/{instance_id}:latest")
	// The manifests of an earlier call must not pass for this one's.
	if err := os.RemoveAll(out); err != nil {
		return "", err
	}
	// Progress of many images would cost the CLI as much work as the images cost the engine.
	args := []string{
		"call", "--progress", "plain", "--silent", "--sdk", sdk, "--sdk-sha", m.Maker.SDKSHA(), "--image-template", official,
		"--builder-repo", at(m.Maker.Prefix + "/builder" + m.suffix()), "--base-repo", at(job.Base), "--agent-repo", at(job.To),
		// Base images of a fixture carry no labels.
		"--dataset-file", job.Dataset, "assemble-all", "--publish", "--trust-unlabelled", "--publisher", m.Publisher,
	}
	args = slices.Concat(args, m.Flags, []string{"directory", "export", "--path", out})
	if err := dagger(ctx, m.Maker.Root, args...); err != nil {
		return "", err
	}
	return out, nil
}

// suffix tells the builder of another SDK apart: all SDKs go by the same commit.
func (m Module) suffix() string {
	if m.SDK == "" {
		return ""
	}
	return "-" + filepath.Base(m.SDK)
}

// dagger runs the dagger command in a directory.
func dagger(ctx context.Context, dir string, args ...string) error {
	command := exec.CommandContext(ctx, "dagger", args...)
	command.Dir = dir
	// When interrupted, unlike when killed, the CLI ends its session with the engine.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 20 * time.Second
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("dagger call: %w\n%s", err, stderr.String())
	}
	return nil
}
