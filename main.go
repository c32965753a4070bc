// Container images for coding-agent benchmarks: official image + agent server, for hundreds of instances at a time.
//
// A benchmark such as SWE-bench runs each instance in an image of its own. This module makes these images in three
// phases: the builder once, a base image for each instance (official image + system packages), and the agent image
// (base image + /agent-server, one thin layer that is the same in all of them). What the registry already has is skipped.
//
// Try it, building the bundled sample of three SWE-bench Verified instances and publishing nothing:
//
//	dagger call assemble-all summary
//
// For real, to your own registry:
//
//	dagger call --base-repo ghcr.io/me/eval-base --builder-repo ghcr.io/me/eval-builder \
//	  --agent-repo ghcr.io/me/eval-agent-server assemble-all --publish directory export --path out
package main

import (
	"cmp"

	"dagger/eval-images/internal/dagger"
	"dagger/eval-images/pipeline/plan"
)

// EvalImages builds and publishes the images of a benchmark run. Its flags say what the images are made of and how they
// are named; they hold for all functions.
type EvalImages struct {
	// +private
	SDK *dagger.Directory
	// +private
	SDKIdentity string
	// +private
	Dockerfile string
	// +private
	BuilderRepo string
	// +private
	BaseRepo string
	// +private
	AgentRepo string
	// +private
	ImageTemplate string
}

// New sets what the images are made of and how they are named.
func New(
	// Source of the agent SDK: a local directory, or a git reference such as https://github.com/OpenHands/software-agent-sdk#v1.43.1 (default: that repository at this release)
	// +optional
	// +ignore=["**/.venv", "**/__pycache__", "**/node_modules"]
	sdk *dagger.Directory,
	// What the SDK is called in tags, such as the commit of a working copy (default: its commit, for a git reference; otherwise a digest of its files)
	// +optional
	sdkSha string,
	// The SDK's Dockerfile, a path in the SDK, with the targets "builder" and "base-image-minimal"
	// +default="openhands-agent-server/openhands/agent_server/docker/Dockerfile"
	dockerfile string,
	// Repository of the builder, without a tag
	// +default="ghcr.io/openhands/eval-builder"
	builderRepo string,
	// Repository of the base images, without a tag
	// +default="ghcr.io/openhands/eval-base"
	baseRepo string,
	// Repository of the agent images, without a tag
	// +default="ghcr.io/openhands/eval-agent-server"
	agentRepo string,
	// Where the official images are, such as registry.example/{official_image} (README: all placeholders)
	// +optional
	imageTemplate string,
) *EvalImages {
	m := &EvalImages{
		SDK:           sdk,
		SDKIdentity:   sdkSha,
		Dockerfile:    dockerfile,
		BuilderRepo:   cmp.Or(builderRepo, plan.DefaultBuilderRepo),
		BaseRepo:      cmp.Or(baseRepo, plan.DefaultBaseRepo),
		AgentRepo:     cmp.Or(agentRepo, plan.DefaultAgentRepo),
		ImageTemplate: imageTemplate,
	}
	if sdk == nil {
		m.SDK = defaultSDK()
	}
	if sdk == nil && sdkSha == "" {
		m.SDKIdentity = defaultSDKCommit
	}
	return m
}
