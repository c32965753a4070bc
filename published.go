package main

import (
	"context"
	"errors"
	"sync/atomic"

	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry"
)

// published tells which agent images the registry has: directly where it can be reached from here, and otherwise by the engine.
func (m *EvalImages) published(ctx context.Context, login credentials) (pipeline.Registry, error) {
	access, err := login.access(ctx)
	if err != nil {
		return nil, err
	}
	access.ReadOnly = true
	engine := &engine{module: m}
	client, err := access.Open(ctx, m.AgentRepo)
	switch {
	case errors.Is(err, registry.ErrRefused):
		return nil, advised(err)
	case err != nil:
		return engine, nil
	case login.password != nil:
		return client, nil
	}
	return &anonymous{client: client, engine: engine}, nil
}

// anonymous asks a registry without credentials, which is quicker, and by the engine what that does not tell: the engine may have those of
// docker login. It is a [pipeline.Registry].
type anonymous struct {
	client *registry.Client
	engine *engine
	// refused says that the registry wants credentials for what is asked.
	refused atomic.Bool
}

// Find asks for the image in one of the two ways.
func (a *anonymous) Find(ctx context.Context, reference string) (pipeline.Found, error) {
	if !a.refused.Load() {
		found, err := a.client.Find(ctx, reference)
		if !registry.WantsCredentials(err) {
			return found, err
		}
		a.refused.Store(true)
	}
	return a.engine.Find(ctx, reference)
}
