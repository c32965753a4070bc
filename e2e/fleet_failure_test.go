package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAFailingDockerfile: a command that fails on one official image costs that image, and is not
// tried again.
func TestAFailingDockerfile(t *testing.T) {
	t.Parallel()
	const good, bad = "team__task-1", "team__task-2"
	f := fleetOf(t, good, bad)
	f.sdk = changedSDK(t, dockerfilePath, "ARG BASE_IMAGE=scratch\nFROM scratch AS builder\nCOPY server /agent-server/.venv/bin\n"+
		"FROM ${BASE_IMAGE} AS base-image-minimal\nRUN grep -q good /kind\n")
	for id, kind := range map[string]string{good: "good", bad: "bad"} {
		push(t, f.official(id), debianWith(t, "kind", 0o644, kind))
	}
	dir := f.run(t, "--max-attempts", "3")
	for _, file := range []string{"manifest.jsonl", "base-manifest.jsonl"} {
		all := records(t, dir, file)
		require.Equal(t, map[string]string{good: "built", bad: "failed"}, statuses(all), file)
		failed := all[1]
		require.NotNil(t, failed.Error)
		assert.Contains(t, *failed.Error, "grep -q good /kind")
		assert.Contains(t, *failed.Error, "exit code: 1")
		assert.Equal(t, 1, failed.AttemptCount, "it would fail again")
	}
	assert.Len(t, f.published(t), 2)
}
