package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// outcome of a change.
type outcome int

const (
	killed outcome = iota // A test fails, or hangs.
	broken                // It does not compile.
	lived                 // All tests pass.
	equal                 // All tests pass, and somebody said why that is right.
)

// tester runs tests on changed code. It leaves the files alone: the compiler gets the change as an
// overlay.
type tester struct {
	root  string
	limit time.Duration
	env   []string
}

// slowest is the maximum time of one package's tests, as a multiple of the time of all tests of the
// unchanged code: changed loops may never end.
const slowest = 3

// newTester runs the tests of the unchanged code, which have to pass, and measures them. The
// compiler uses cache, because each change leaves objects that are never needed again. Empty: Go's
// own cache.
func newTester(ctx context.Context, cache string, packages []*pkg) (*tester, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	t := &tester{root: root, limit: 10 * time.Minute, env: os.Environ()}
	if cache != "" {
		t.env = append(t.env, "GOCACHE="+cache)
	}
	var paths []string
	for _, p := range packages {
		paths = append(paths, p.path)
	}
	if out, err := t.test(ctx, "", paths...); err != nil { // Compiles everything.
		return nil, fmt.Errorf("the tests fail without any change: %w\n%s", err, out)
	}
	started := time.Now()
	if out, err := t.test(ctx, "", paths...); err != nil {
		return nil, fmt.Errorf("the tests fail without any change: %w\n%s", err, out)
	}
	t.limit = max(time.Minute, slowest*time.Since(started))
	return t, nil
}

// try runs the tests of a change's package, and of those that use it.
func (t *tester) try(ctx context.Context, dir string, of trial) outcome {
	overlay, err := t.overlay(dir, of.mutation)
	if err != nil {
		return broken
	}
	defer os.RemoveAll(dir)
	for _, user := range of.in.users {
		out, err := t.test(ctx, overlay, user)
		switch {
		case err == nil:
		case strings.Contains(out, "[build failed]"), strings.Contains(out, "[setup failed]"):
			return broken
		default:
			return killed
		}
	}
	return lived
}

// overlay writes a changed file, and the overlay description for the compiler.
func (t *tester) overlay(dir string, m mutation) (string, error) {
	file := filepath.Join(t.root, m.file)
	source, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	changed := filepath.Join(dir, filepath.Base(m.file))
	if err := os.WriteFile(changed, m.apply(source), 0o600); err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {file: changed}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}

// test runs the tests of packages. With an overlay it stops at the first failure.
func (t *tester) test(ctx context.Context, overlay string, packages ...string) (string, error) {
	args := []string{"test", "-count=1", "-vet=off", "-timeout", t.limit.String()}
	if overlay != "" {
		args = append(args, "-failfast", "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, packages...)...)
	cmd.Env = t.env
	cmd.WaitDelay = time.Minute
	out, err := cmd.CombinedOutput()
	if err != nil && errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return string(out), err
}
