package publish

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

func TestAssembleAllPublishesEveryImage(t *testing.T) {
	t.Parallel()
	target := harness.NewTarget(t)
	dir := target.AssembleAll(t)
	agents, bases := harness.Records(t, dir, "manifest.jsonl"), harness.Records(t, dir, "base-manifest.jsonl")
	require.Len(t, agents, 3)
	require.Len(t, bases, 3)

	t.Run("the manifest tells what is in the registry", func(t *testing.T) {
		for i, agent := range agents {
			assert.Equal(t, harness.SampleInstances[i], agent.InstanceID)
			assert.Equal(t, "built", agent.Status)
			assert.Nil(t, agent.Error)
			require.Len(t, agent.Tags, 1)
			assert.Equal(t, harness.Digest(t, agent.Tags[0]), agent.Digest)
			assert.Equal(t, harness.Digest(t, agent.BaseTag), agent.BaseDigest)
			assert.Equal(t, official(agent.InstanceID), agent.BaseImage)
			assert.Equal(t, agent.BaseTag, bases[i].Tags[0])
			assert.Equal(t, agent.BaseDigest, bases[i].Digest)
			require.NotNil(t, agent.Duration)
			assert.Positive(t, *agent.Duration)
		}
	})
	t.Run("an agent image is its base image and one layer more, the same in all", func(t *testing.T) {
		added := map[string]bool{}
		for _, agent := range agents {
			base, all := harness.Layers(t, harness.Image(t, agent.BaseTag)), harness.Layers(t, harness.Image(t, agent.Tags[0]))
			require.Len(t, all, len(base)+1)
			assert.Equal(t, base, all[:len(base)])
			added[all[len(base)]] = true
		}
		assert.Len(t, added, 1, "the agent layer differs between images")
	})
	t.Run("a base image is the official image and more", func(t *testing.T) {
		for _, base := range bases {
			below, all := harness.Layers(t, harness.Image(t, base.BaseImage)), harness.Layers(t, harness.Image(t, base.Tags[0]))
			require.Greater(t, len(all), len(below))
			assert.Equal(t, below, all[:len(below)])
		}
	})
	t.Run("user, environment and entrypoint are the agent server's", func(t *testing.T) {
		for _, agent := range agents {
			config, err := harness.Image(t, agent.Tags[0]).ConfigFile()
			require.NoError(t, err)
			assert.Equal(t, "amd64", config.Architecture)
			assert.Equal(t, "openhands", config.Config.User)
			assert.Equal(t, "/", config.Config.WorkingDir)
			assert.Equal(t, []string{"/agent-server/.venv/bin/python", "-m", "openhands.agent_server"}, config.Config.Entrypoint)
			assert.Empty(t, config.Config.Cmd, "the official image's command would be an argument of the server")
			assert.Contains(t, config.Config.ExposedPorts, "8000/tcp")
			assert.Equal(t, agent.BaseDigest, config.Config.Labels["org.opencontainers.image.base.digest"])
			sdk := config.Config.Labels["org.opencontainers.image.revision"]
			assert.NotEmpty(t, sdk)
			assert.Contains(t, config.Config.Env, "OPENHANDS_BUILD_GIT_SHA="+sdk)
		}
	})
	t.Run("the summary counts", func(t *testing.T) {
		summary, err := os.ReadFile(filepath.Join(dir, "summary.md"))
		require.NoError(t, err)
		assert.Contains(t, string(summary), "all 3 agent images are published")
		assert.Contains(t, string(summary), "| assemble | 3 | 3 | 0 | 0 |")
	})
	t.Run("the builder is published once, and the agent layer beside it", func(t *testing.T) {
		published := harness.Tags(t, target.Prefix+"/builder")
		require.Len(t, published, 2)
		assert.Regexp(t, "^"+published[0]+"-layer-[0-9a-f]{7}$", published[1])
	})
	t.Run("a second run makes nothing, and its manifest names the same images", func(t *testing.T) {
		again := harness.Records(t, target.AssembleAll(t), "manifest.jsonl")
		require.Len(t, again, 3)
		for i, agent := range again {
			assert.Equal(t, "skipped_remote_exists", agent.Status)
			require.NotNil(t, agent.SkipReason)
			assert.Equal(t, agents[i].Digest, agent.Digest)
			assert.Equal(t, agents[i].BaseDigest, agent.BaseDigest)
			assert.Equal(t, agents[i].Tags, agent.Tags)
		}
	})
	t.Run("a run after one image was lost makes that one, on the base that is there", func(t *testing.T) {
		harness.Remove(t, agents[1].Tags[0])
		dir := target.AssembleAll(t)
		var statuses []string
		for _, agent := range harness.Records(t, dir, "manifest.jsonl") {
			statuses = append(statuses, agent.Status)
		}
		assert.Equal(t, []string{"skipped_remote_exists", "built", "skipped_remote_exists"}, statuses)
		bases := harness.Records(t, dir, "base-manifest.jsonl")
		require.Len(t, bases, 1)
		assert.Equal(t, "skipped_remote_exists", bases[0].Status)
		assert.Equal(t, agents[1].BaseDigest, bases[0].Digest)
		assert.NotEmpty(t, harness.Digest(t, agents[1].Tags[0]), "it is back")
	})
}

func TestAssembleAllBuildsWithoutPublishing(t *testing.T) {
	t.Parallel()
	target := harness.NewTarget(t)
	printed := harness.CallModule(t, target.Args("assemble-all", "--instance-ids", harness.SampleInstances[0], "file", "contents")...).Succeeds(t)
	assert.Contains(t, printed, `"status":"built"`)
	assert.Contains(t, printed, `"tags":[]`)
	for _, repository := range []string{"builder", "base", "agent"} {
		assert.Empty(t, harness.Tags(t, target.Prefix+"/"+repository))
	}
}

func TestAssembleAllBuildsOnlyTheInstancesAskedFor(t *testing.T) {
	t.Parallel()
	target := harness.NewTarget(t)
	dir := target.AssembleAll(t, "--instance-ids", harness.SampleInstances[2]+","+harness.SampleInstances[0])
	agents := harness.Records(t, dir, "manifest.jsonl")
	require.Len(t, agents, 2)
	assert.Equal(t, harness.SampleInstances[0], agents[0].InstanceID)
	assert.Equal(t, harness.SampleInstances[2], agents[1].InstanceID)
	assert.Len(t, harness.Tags(t, target.Prefix+"/agent"), 2)
}

func TestAFailedImageCostsNoOther(t *testing.T) {
	t.Parallel()
	target := harness.NewTarget(t)
	// Two of the three official images exist under this template.
	target.Template = harness.EngineRegistry + "/" + target.Prefix + "/official.{repo}:latest"
	harness.CopyImage(t, official(harness.SampleInstances[0]), harness.EngineRegistry+"/"+target.Prefix+"/official.astropy:latest")
	harness.CopyImage(t, official(harness.SampleInstances[2]), harness.EngineRegistry+"/"+target.Prefix+"/official.sympy:latest")

	out := filepath.Join(t.TempDir(), "out")
	failed := harness.CallModule(t, target.Args("assemble-all", "--publish", "directory", "export", "--path", out)...)
	message := failed.Message(t)
	assert.Contains(t, message, "1 of 3 agent images failed")
	assert.Contains(t, message, "base django__django-11099")
	assert.Contains(t, message, "official.django:latest")
	assert.NotContains(t, message, "astropy")
	assert.NoDirExists(t, out)
	assert.Len(t, harness.Tags(t, target.Prefix+"/agent"), 2, "the others are published")

	agents := harness.Records(t, target.AssembleAll(t, "--allow-failures"), "manifest.jsonl")
	require.Len(t, agents, 3)
	assert.Equal(t, "skipped_remote_exists", agents[0].Status)
	assert.Equal(t, "failed", agents[1].Status)
	assert.Empty(t, agents[1].Tags)
	require.NotNil(t, agents[1].Error)
	assert.Contains(t, *agents[1].Error, "there is no official image")
}

// official is the sample's official image of an instance.
func official(id string) string {
	repo, name, _ := strings.Cut(id, "__")
	return harness.EngineRegistry + "/swebench/sweb.eval.x86_64." + repo + "_1776_" + name + ":latest"
}
