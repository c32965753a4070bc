package faults

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// TestAFailingDockerfile: a command that fails on one official image costs that image, and is not
// tried again.
func TestAFailingDockerfile(t *testing.T) {
	t.Parallel()
	const good, bad = "team__task-1", "team__task-2"
	f := harness.NewFleet(t, good, bad)
	f.SDK = harness.ChangedSDK(t, harness.DockerfilePath, "ARG BASE_IMAGE=scratch\nFROM scratch AS builder\nCOPY server /agent-server/.venv/bin\n"+
		"FROM ${BASE_IMAGE} AS base-image-minimal\nRUN grep -q good /kind\n")
	for id, kind := range map[string]string{good: "good", bad: "bad"} {
		harness.Push(t, f.Official(id), harness.DebianWith(t, "kind", 0o644, kind))
	}
	dir := f.Run(t, "--max-attempts", "3")
	for _, file := range []string{"manifest.jsonl", "base-manifest.jsonl"} {
		all := harness.Records(t, dir, file)
		require.Equal(t, map[string]string{good: "built", bad: "failed"}, harness.Statuses(all), file)
		failed := all[1]
		require.NotNil(t, failed.Error)
		assert.Contains(t, *failed.Error, "grep -q good /kind")
		assert.Contains(t, *failed.Error, "exit code: 1")
		assert.Equal(t, 1, failed.AttemptCount, "it would fail again")
	}
	assert.Len(t, f.Published(t), 2)
}
