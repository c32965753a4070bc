package main

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
)

// module makes agent images by `dagger call … assemble-all --publish`.
type module struct {
	lab       *lab
	publisher string   // value of --publisher
	sdk       string   // empty: the lab's
	official  string   // see batch
	flags     []string // further ones of assemble-all
}

func (module) prepare(context.Context, batch) error { return nil }

// clear does nothing: each run has its own names, and what the engine keeps of it is of no use to another.
func (module) clear(context.Context) error { return nil }

// run times the whole call, and reads from its manifest how long the images took.
func (m module) run(ctx context.Context, job batch) (timing, error) {
	started := time.Now()
	out, err := m.call(ctx, job)
	if err != nil {
		return timing{}, err
	}
	took := timing{whole: time.Since(started)}
	records, err := readRecords(filepath.Join(out, "manifest.jsonl"))
	if err != nil {
		return took, err
	}
	status := "built"
	if job.present {
		status = "skipped_remote_exists"
	}
	took.assembly, err = span(records, status, len(job.images))
	return took, err
}

// call returns the directory with the manifest.
func (m module) call(ctx context.Context, job batch) (string, error) {
	at := func(path string) string { return engineRegistry + "/" + path }
	out := filepath.Join(m.lab.work, "out")
	sdk, official := cmp.Or(m.sdk, m.lab.sdk()), cmp.Or(m.official, m.lab.prefix+"/official/{instance_id}:latest")
	// What an earlier call left must not pass for this one's.
	if err := os.RemoveAll(out); err != nil {
		return "", err
	}
	// It shows no progress, which for many images costs the CLI as much work as the images cost the engine.
	args := []string{
		"call", "--progress", "plain", "--silent", "--sdk", sdk, "--sdk-sha", m.lab.sdkSHA(), "--image-template", at(official),
		"--builder-repo", at(m.lab.prefix + "/builder" + m.ofSDK()), "--base-repo", at(job.base), "--agent-repo", at(job.to),
		// The base images of a set are the lab's own, without labels.
		"assemble-all", "--publish", "--trust-unlabelled", "--publisher", m.publisher, "--dataset-file", job.dataset,
	}
	if err := dagger(ctx, m.lab.root, slices.Concat(args, m.flags, []string{"directory", "export", "--path", out})...); err != nil {
		return "", err
	}
	return out, nil
}

// dagger runs the dagger command in a directory.
func dagger(ctx context.Context, dir string, args ...string) error {
	command := exec.CommandContext(ctx, "dagger", args...)
	command.Dir = dir
	// The CLI ends its session with the engine when it is interrupted, and not when it is killed.
	command.Cancel, command.WaitDelay = func() error { return command.Process.Signal(os.Interrupt) }, 20*time.Second
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("dagger call: %w\n%s", err, stderr.String())
	}
	return nil
}

// ofSDK is the end of the builder's repository for another SDK than the lab's: both go by the same commit.
func (m module) ofSDK() string {
	if m.sdk == "" {
		return ""
	}
	return "-" + filepath.Base(m.sdk)
}
