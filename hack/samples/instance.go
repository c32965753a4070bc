package main

import (
	"context"
	"fmt"

	"dagger.io/dagger"
)

// instance is layer 3: a task, with its repository before the fix.
type instance struct {
	id          string // as the dataset has it: django__django-11099
	repo        string // django
	short       string // django-11099
	environment environment
}

func (in instance) name() string {
	return fmt.Sprintf("swebench/sweb.eval.x86_64.%s_1776_%s:latest", in.repo, in.short)
}

func (in instance) push(ctx context.Context, s *sampler) error {
	ctr, err := in.container(&s.engine)
	if err != nil {
		return err
	}
	return s.engine.publish(ctx, ctr, in)
}

// container adds the repository in one layer, however many commands made it.
func (in instance) container(engine *engine) (*dagger.Container, error) {
	commits, err := history(in)
	if err != nil {
		return nil, err
	}
	env := engine.from(in.environment)
	repository := env.
		WithExec([]string{"git", "init", "--quiet", "--initial-branch", branch, testbed}).
		WithExec([]string{"git", "fast-import", "--quiet"}, dagger.ContainerWithExecOpts{Stdin: fastImport(commits)}).
		WithExec([]string{"git", "reset", "--quiet", "--hard", branch}).
		Directory(testbed)
	return env.WithDirectory(testbed, repository), nil
}
