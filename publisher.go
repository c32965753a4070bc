package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry"
)

// Values of --publisher.
const (
	publisherAuto   = "auto"
	publisherDirect = "direct"
	publisherEngine = "engine"
)

// publisher makes images, publishes them, and tells which there are.
type publisher interface {
	pipeline.Publisher
	pipeline.Registry
}

// publisher is the one that was asked for: the direct one by default, where the registry can be reached with these credentials, and
// otherwise the engine.
func (m *EvalImages) publisher(ctx context.Context, choice string, login credentials, e *engine) (publisher, error) {
	switch choice {
	case publisherEngine:
		return e, nil
	case publisherAuto, publisherDirect:
	default:
		return nil, fmt.Errorf("--publisher is %q: it must be one of %s, %s, %s", choice, publisherAuto, publisherDirect, publisherEngine)
	}
	client, err := m.client(ctx, login)
	if err == nil {
		return &direct{engine: e, client: client}, nil
	}
	if choice == publisherDirect {
		return nil, fmt.Errorf("publishing directly: %w", err)
	}
	fmt.Fprintf(os.Stderr, "publisher: engine, because direct is not possible: %v\n", err)
	return e, nil
}

// client is a client of the registry that may push.
func (m *EvalImages) client(ctx context.Context, login credentials) (*registry.Client, error) {
	access, err := login.access(ctx)
	if err != nil {
		return nil, err
	}
	repositories := []string{m.AgentRepo, m.BaseRepo, m.BuilderRepo}
	client, err := access.Connect(ctx, repositories...)
	if err != nil {
		return nil, err
	}
	err = access.MayPush(ctx, m.AgentRepo)
	if errors.Is(err, registry.ErrRefused) && login.password == nil {
		return nil, fmt.Errorf("%w, and those of docker login are the engine's only", err)
	}
	return client, err
}
