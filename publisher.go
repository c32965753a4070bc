package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"dagger/eval-images/dataset"
	"dagger/eval-images/pipeline"
	"dagger/eval-images/pipeline/registry"
)

// Values of --publisher.
const (
	publisherAuto   = "auto"
	publisherDirect = "direct"
	publisherEngine = "engine"
)

// Values of --share-bases.
const (
	shareAuto  = "auto"
	shareNever = "never"
)

// publishing is how images are published, as the flags of a call say it.
type publishing struct {
	publisher, shareBases string
	login                 credentials
}

func (p publishing) check() error {
	if !slices.Contains([]string{publisherAuto, publisherDirect, publisherEngine}, p.publisher) {
		return fmt.Errorf("--publisher is %s: it must be %s, %s or %s", dataset.Quote(p.publisher), publisherAuto, publisherDirect, publisherEngine)
	}
	if !slices.Contains([]string{shareAuto, shareNever}, p.shareBases) {
		return fmt.Errorf("--share-bases is %s: it must be %s or %s", dataset.Quote(p.shareBases), shareAuto, shareNever)
	}
	return nil
}

// use completes a runner with a publisher: the one that was asked for; by default the direct one, where the registry can be reached with
// these credentials, and otherwise the engine. It returns the direct one's client, if that is it.
func (p publishing) use(ctx context.Context, runner *pipeline.Runner, engine *engine, recipe recipe) (*registry.Client, error) {
	runner.Publisher, runner.Registry = engine, engine
	if p.publisher == publisherEngine {
		return nil, nil
	}
	client, err := engine.module.client(ctx, p.login, engine.publish)
	if err != nil && p.publisher == publisherDirect {
		return nil, fmt.Errorf("publishing directly: %w", err)
	}
	if err != nil {
		if engine.publish {
			fmt.Fprintf(os.Stderr, "publisher: engine, because direct is not possible: %s\n", clean(err.Error()))
		}
		return nil, nil
	}
	direct := &registry.Publisher{Client: client, Builder: engine, Identity: engine.identity}
	runner.Publisher, runner.Registry = direct, client
	runner.Official = &officials{client: client, engine: engine}
	if p.shareBases == shareAuto {
		direct.Sharing = &registry.Sharing{Client: client, Apart: pipeline.NewApart(recipe.dockerfile)}
		runner.Sharing = direct.Sharing
	}
	return client, nil
}

// client is a client of the registry, which may push if it has to.
func (m *EvalImages) client(ctx context.Context, login credentials, push bool) (*registry.Client, error) {
	access, err := login.access(ctx)
	if err != nil {
		return nil, err
	}
	client, err := access.Open(ctx, push, m.AgentRepo, m.BaseRepo, m.BuilderRepo)
	if login.password == nil && wantsOthers(err) {
		return nil, fmt.Errorf("%w: there is no --registry-username, and the credentials of docker login are the engine's only", err)
	}
	return client, err
}

// wantsOthers says whether a registry, or its token server, wants other credentials.
func wantsOthers(err error) bool {
	return err != nil && (errors.Is(err, registry.ErrRefused) || pipeline.CauseOf(err).Advice == pipeline.AdviceCredentials)
}
