package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"dagger.io/dagger"
)

// cliVariable names the CLI with which the client reaches the engine. Without it the client
// downloads one.
const cliVariable = "_EXPERIMENTAL_DAGGER_CLI_BIN"

// engine is a session with the Dagger engine. It starts when the first image needs it.
type engine struct {
	registry string // as the engine reaches it
	verbose  bool
	client   *dagger.Client
}

// connectFor starts the session if one of the images needs it.
func (e *engine) connectFor(ctx context.Context, images []image) error {
	if e.client != nil || !needEngine(images) {
		return nil
	}
	if os.Getenv(cliVariable) == "" {
		cli, err := exec.LookPath("dagger")
		if err != nil {
			return fmt.Errorf("finding the dagger CLI: %w", err)
		}
		if err := os.Setenv(cliVariable, cli); err != nil {
			return err
		}
	}
	var opts []dagger.ClientOpt
	if e.verbose {
		opts = append(opts, dagger.WithLogOutput(os.Stderr))
	}
	client, err := dagger.Connect(ctx, opts...)
	if err != nil {
		return fmt.Errorf("connecting to the engine: %w", err)
	}
	e.client = client
	return nil
}

func needEngine(images []image) bool {
	for _, img := range images {
		if _, ok := img.(system); !ok {
			return true
		}
	}
	return false
}

func (e *engine) close() {
	if e.client != nil {
		_ = e.client.Close() // every image is in the registry or has failed by now
	}
}

// from returns a container of an image in the registry.
func (e *engine) from(img image) *dagger.Container {
	return e.client.Container().From(e.registry + "/" + img.name())
}

func (e *engine) publish(ctx context.Context, ctr *dagger.Container, img image) error {
	_, err := ctr.Publish(ctx, e.registry+"/"+img.name())
	return describe(err)
}

// describe adds the output of a failed command, which its error lacks.
func describe(err error) error {
	var failed *dagger.ExecError
	if errors.As(err, &failed) {
		return fmt.Errorf("%w\n%s%s", err, failed.Stdout, failed.Stderr)
	}
	return err
}
