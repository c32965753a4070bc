package main

import (
	"context"
	"fmt"
	"strings"

	"dagger/eval-images/dataset"
	"dagger/eval-images/dataset/families"
	"dagger/eval-images/dataset/table"
	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
)

// platform of all images.
const platform dagger.Platform = plan.Platform

// Build the builder: the agent server in /agent-server, made once for all images.
//
// It is the target "builder" of the SDK's Dockerfile.
func (m *EvalImages) Builder(ctx context.Context) (*dagger.Container, error) {
	if _, err := m.recipe(ctx); err != nil {
		return nil, flat(err)
	}
	return m.builder(), nil
}

// Build the base image of one instance: its official image and system packages.
//
// It is the target "base-image-minimal" of the SDK's Dockerfile, with the official image as BASE_IMAGE.
func (m *EvalImages) Base(
	ctx context.Context,
	// The instance, such as django__django-11099
	instanceId string,
) (*dagger.Container, error) {
	if _, err := m.recipe(ctx); err != nil {
		return nil, flat(err)
	}
	base, err := m.instanceBase(ctx, instanceId)
	return base, flat(err)
}

// Build the agent image of one instance: its base image and the agent server.
//
// It takes /agent-server from the builder, with owner 10001:10001, and starts it as its entrypoint, on port 8000. Nothing is
// published: chain "publish --address" for that, or call assemble-all.
func (m *EvalImages) Assemble(
	ctx context.Context,
	// The instance, such as django__django-11099
	instanceId string,
) (*dagger.Container, error) {
	recipe, err := m.recipe(ctx)
	if err != nil {
		return nil, flat(err)
	}
	base, err := m.instanceBase(ctx, instanceId)
	if err != nil {
		return nil, flat(err)
	}
	return assemble(base, m.builder(), recipe.identity), nil
}

// instanceBase is the base image of any instance whose id is enough to name its official image: it need not be in the sample.
func (m *EvalImages) instanceBase(ctx context.Context, id string) (*dagger.Container, error) {
	family, err := families.ByName(defaultFamily)
	if err != nil {
		return nil, err
	}
	result, err := dataset.Resolve([]table.Row{{InstanceID: id}}, dataset.Options{Family: family, Template: families.Template(m.ImageTemplate)})
	if err != nil {
		return nil, err
	}
	instance := result.Instances[0]
	// Lazy as it is, the base would fail only in the hands of the caller, with an error that does not name the instance.
	if _, err := from(instance.OfficialImage).ImageRef(ctx); err != nil {
		return nil, &manifest.Failure{Phase: plan.PhaseBase, Instance: id, Err: fmt.Errorf("looking for its official image: %w", err)}
	}
	return wrapped(ctx, m.base(instance.OfficialImage), plan.WrapOf(instance))
}

func (m *EvalImages) builder() *dagger.Container {
	return m.target(plan.TargetBuilder, nil)
}

func (m *EvalImages) base(official string) *dagger.Container {
	return m.target(plan.TargetBase, []dagger.BuildArg{{Name: plan.ArgBaseImage, Value: official}})
}

// wrapped is a base with what some repositories need on top of the recipe: executed as root, under the user that the base has.
func wrapped(ctx context.Context, base *dagger.Container, wrap *plan.Wrap) (*dagger.Container, error) {
	if wrap == nil {
		return base, nil
	}
	user, err := base.User(ctx)
	if err != nil {
		return nil, fmt.Errorf("building: %w", err)
	}
	base = base.WithUser("root")
	for _, command := range wrap.Commands {
		base = base.WithExec(command)
	}
	return base.WithUser(user), nil
}

// target builds one target of the SDK's Dockerfile.
func (m *EvalImages) target(name string, args []dagger.BuildArg) *dagger.Container {
	return m.SDK.DockerBuild(dagger.DirectoryDockerBuildOpts{
		Platform: platform, Dockerfile: m.Dockerfile, Target: name, BuildArgs: args,
	})
}

// assemble puts the agent server on a base. It must stay lazy, so that no layer of the base is ever fetched: no exec, no owner
// by name, which would be looked up in the base's /etc/passwd, and no reading of the base's files. The directory that is copied
// *contains* /agent-server, because the top of what WithDirectory creates would belong to root; and it is included by its name, because
// with a pattern for what is in it the engine would give it the time of the copy, and every engine a layer of its own.
func assemble(base, builder *dagger.Container, identity string) *dagger.Container {
	return started(withServer(base, builder), identity)
}

// started is a container with the agent server in it, that it starts.
func started(container *dagger.Container, identity string) *dagger.Container {
	add := plan.DefaultAssembly
	return container.WithEnvVariable(add.SDKVariable, identity).WithEntrypoint(add.Entrypoint)
}

// withServer puts the builder's agent server in a container: the one layer that all agent images have.
func withServer(container, builder *dagger.Container) *dagger.Container {
	return container.WithDirectory("/", server(builder))
}

// server is the directory that contains the builder's agent server.
func server(builder *dagger.Container) *dagger.Directory {
	return dag.Directory().WithDirectory("/", builder.Rootfs(), dagger.DirectoryWithDirectoryOpts{
		Include: []string{strings.TrimPrefix(plan.DefaultAssembly.Path, "/")},
	})
}
