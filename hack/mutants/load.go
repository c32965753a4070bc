package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// pkg is a package to mutate.
type pkg struct {
	path  string
	files []string // relative to the module
	// users are the packages whose tests use this one, itself first.
	users []string
}

// trial is a change and its package.
type trial struct {
	mutation
	in *pkg
}

// listed is the output of `go list -json` for a package.
type listed struct {
	ImportPath, Dir, ForTest  string
	GoFiles, Deps             []string
	TestGoFiles, XTestGoFiles []string
}

// load lists the packages, except test helpers, whose names end in "test".
func load(ctx context.Context, patterns []string) ([]*pkg, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	all, err := list(ctx, append([]string{"-test", "-deps"}, patterns...)...)
	if err != nil {
		return nil, err
	}
	wanted, err := list(ctx, patterns...)
	if err != nil {
		return nil, err
	}
	var packages []*pkg
	for _, p := range wanted {
		if strings.HasSuffix(p.ImportPath, "test") {
			continue
		}
		dir, err := filepath.Rel(here, p.Dir)
		if err != nil {
			return nil, err
		}
		made := &pkg{path: p.ImportPath, users: []string{p.ImportPath}}
		for _, file := range p.GoFiles {
			made.files = append(made.files, filepath.Join(dir, file))
		}
		for _, other := range all {
			tests, isTest := strings.CutSuffix(other.ImportPath, ".test")
			if isTest && tests != p.ImportPath && uses(other.Deps, p.ImportPath) {
				made.users = append(made.users, tests)
			}
		}
		packages = append(packages, made)
	}
	return packages, nil
}

// uses reports whether a package is among dependencies, even compiled for a test: "path
// [path.test]".
func uses(deps []string, path string) bool {
	return slices.ContainsFunc(deps, func(dep string) bool {
		name, _, _ := strings.Cut(dep, " ")
		return name == path
	})
}

func list(ctx context.Context, args ...string) ([]listed, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-json=ImportPath,Dir,ForTest,GoFiles,Deps,TestGoFiles,XTestGoFiles"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing packages: %w", err)
	}
	var packages []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p listed
		if err := decoder.Decode(&p); err != nil {
			return nil, fmt.Errorf("listing packages: %w", err)
		}
		packages = append(packages, p)
	}
	return packages, nil
}

// plan lists the changes of all packages.
func plan(packages []*pkg) ([]trial, error) {
	var trials []trial
	for _, p := range packages {
		for _, file := range p.files {
			source, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			changes, err := mutate(file, source)
			if err != nil {
				return nil, err
			}
			for _, m := range changes {
				trials = append(trials, trial{m, p})
			}
		}
	}
	return trials, nil
}
