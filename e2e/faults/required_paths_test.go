package faults

import (
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// bestEffort installs two tools, as npm does: one is a link to a file elsewhere. If there is none to
// install, the step warns, and succeeds.
const bestEffort = "ARG BASE_IMAGE=scratch\nFROM scratch AS builder\nCOPY server /agent-server/.venv/bin\n" +
	"FROM ${BASE_IMAGE} AS base-image-minimal\n" +
	"RUN set -ux; mkdir -p /opt/acp; cp /downloads/one /usr/local/bin/one; ln -s ../../../downloads/two /usr/local/bin/two; " +
	"echo 'npm WARN'\n"

// TestABaseWithoutItsToolsIsNotPublished although its recipe succeeded. The other images are.
func TestABaseWithoutItsToolsIsNotPublished(t *testing.T) {
	t.Parallel()
	const both, none, dangling = "team__task-1", "team__task-2", "team__task-3"
	f := harness.NewFleet(t, both, none, dangling)
	f.SDK = harness.ChangedSDK(t, harness.DockerfilePath, bestEffort)
	f.Key = harness.DockerfileKey(t, f.SDK)
	one, two := harness.DebianWith(t, "downloads/one", 0o755, "1"), harness.FileLayer(t, "downloads/two", 0o755, "2")
	complete, err := mutate.AppendLayers(one, two)
	require.NoError(t, err)
	harness.Push(t, f.Official(both), complete)
	harness.Push(t, f.Official(none), harness.DebianWith(t, "other", 0o644, ""))
	harness.Push(t, f.Official(dangling), one)
	// Files, one of them through the link /bin of the official image, a directory, and a link.
	required := []string{"--require", "/bin/sh,/usr/bin/env,/opt/acp", "--require", "/usr/local/bin/one,/usr/local/bin/two"}

	out := f.Run(t, append(required, "--max-attempts", "3")...)

	for _, file := range []string{"manifest.jsonl", "base-manifest.jsonl"} {
		all := harness.Records(t, out, file)
		require.Equal(t, map[string]string{both: "built", none: "failed", dangling: "failed"}, harness.Statuses(all), file)
		for i, lacks := range map[int]string{1: "/usr/local/bin/one, /usr/local/bin/two\n", 2: "lacks /usr/local/bin/two\n"} {
			require.NotNil(t, all[i].Error)
			assert.Contains(t, *all[i].Error, lacks)
			assert.Contains(t, *all[i].Error, "dagger core engine local-cache prune")
			assert.Equal(t, 1, all[i].AttemptCount, "the engine would give the same image from its cache")
		}
	}
	assert.Len(t, f.Bases(t), 1)
	assert.Len(t, f.Agents(t), 1)

	// Nothing is published: the bases are built, and looked at.
	message := f.Call(t, "assemble-all", append(required, "total")...).Message(t)
	assert.Contains(t, message, "2 of 3 agent images failed")
	assert.Contains(t, message, "the base image lacks /usr/local/bin/two")

	// Existing bases are not looked at.
	absent := harness.Records(t, f.Run(t, "--require", "/absent"), "base-manifest.jsonl")
	assert.Equal(t, map[string]string{none: "failed", dangling: "failed"}, harness.Statuses(absent))
}

// TestARequiredPathReachesNoShell: of a name that looks like a command only the name counts.
func TestARequiredPathReachesNoShell(t *testing.T) {
	t.Parallel()
	const id = "team__task-1"
	trace := filepath.Join(t.TempDir(), "executed")
	f := harness.NewFleet(t, id)
	f.Push(t, id)
	for _, path := range []string{"/$(touch " + trace + ")", "/x;touch " + trace, "/a{b(c:1)}"} {
		message := f.Call(t, "assemble-all", "--publish", "--require", path, "total").Message(t)
		assert.Contains(t, message, "the base image lacks "+path)
	}
	assert.NoFileExists(t, trace)
	assert.Empty(t, f.Bases(t))
	message := f.Call(t, "assemble-all", "--publish", "--require", "usr/bin/git", "total").Message(t)
	assert.Contains(t, message, `--require is "usr/bin/git": it must be absolute paths`)
}
