// Images of an organisation of its own, made of those of eval-images: an example to copy.
//
// Acme has its agents run with a configuration that is in the image, and builds a few images before all the others, in order to see
// whether an SDK is any good.
package main

import (
	"dagger/acme/internal/dagger"
)

const (
	// configPath is where the agent images have Acme's configuration.
	configPath = "/acme/agent-server.json"
	// configVariable is where the agent server of the OpenHands SDK looks for that path.
	configVariable = "OPENHANDS_AGENT_SERVER_CONFIG_PATH"
	// agentUser runs the agent server. A name instead of numbers would have to be looked up in the image, and so the engine would fetch it.
	agentUser = "10001:10001"
)

// smokeSet is built before all other instances: two of projects that have little in common.
var smokeSet = []string{"sympy__sympy-20590", "astropy__astropy-12907"}

// Acme builds Acme's images.
type Acme struct {
	// +private
	Images *dagger.EvalImages
	// +private
	Smoke *dagger.EvalImages
}

// New sets what the images are made of and where they go.
func New(
	// Source of the agent SDK: a local directory or a git reference (default: that of eval-images)
	// +optional
	sdk *dagger.Directory,
	// Registry and path that the names of the repositories begin with
	// +default="ghcr.io/acme"
	registry string,
	// Where the official images are, if not where the benchmark has them, as eval-images takes it
	// +optional
	imageTemplate string,
) *Acme {
	opts := dagger.EvalImagesOpts{
		SDK:           sdk,
		ImageTemplate: imageTemplate,
		BuilderRepo:   registry + "/eval-builder",
		BaseRepo:      registry + "/eval-base",
		AgentRepo:     registry + "/eval-agent-server",
	}
	images := dag.EvalImages(opts)
	opts.InstanceIds = smokeSet
	return &Acme{Images: images, Smoke: dag.EvalImages(opts)}
}

// Build the agent image of one instance, with Acme's configuration as one layer on top.
//
// To publish it: agent --instance-id django__django-11099 publish --address ghcr.io/acme/agent:django-11099
func (m *Acme) Agent(
	// The instance, such as django__django-11099
	instanceId string,
	// Configuration of the agent server (default: the one of this module)
	// +defaultPath="agent-server.json"
	config *dagger.File,
) *dagger.Container {
	// WithFile makes its layer beside the image, once for all of them. WithNewFile and WithExec work on the image, and fetch it for that.
	return m.Images.Assemble(instanceId).
		WithFile(configPath, config, dagger.ContainerWithFileOpts{Owner: agentUser}).
		WithEnvVariable(configVariable, configPath).
		WithLabel("org.opencontainers.image.vendor", "Acme")
}

// Publish the agent images of Acme's smoke set, and return their manifest.
//
// If an image fails, the call does, with the list of those that failed.
func (m *Acme) SmokeImages() *dagger.File {
	return m.Smoke.
		AssembleAll(dagger.EvalImagesAssembleAllOpts{Publish: true}).
		File()
}
