package publish

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// working are official images on one system, in a registry. They differ in their own files, and a
// recipe works in the directory that has those.
func working(t *testing.T, registry, recipe string) harness.Fleet {
	t.Helper()
	f := harness.NewFleet(t, "audit__task-1", "audit__task-2", "audit__task-3", "audit__task-4")
	f.SDK = harness.ChangedSDK(t, harness.DockerfilePath, "ARG BASE_IMAGE=scratch\nFROM scratch AS builder\nCOPY server /agent-server/.venv/bin\n"+
		"FROM ${BASE_IMAGE} AS base-image-minimal\n"+recipe)
	f.Key, f.Template = harness.DockerfileKey(t, f.SDK), registry+"/"+f.Prefix+"/official/{instance_id}:latest"
	system := harness.Image(t, harness.EngineRegistry+"/library/debian:bookworm")
	for i, id := range f.IDs {
		img := onTop(t, system, "RUN /root/setup_repo.sh", "testbed/", "testbed/"+strings.Repeat("x", i+1))
		harness.Push(t, f.Official(id), registrytest.Configured(t, img, func(config *v1.ConfigFile) { config.Config.WorkingDir = "/testbed" }))
	}
	return f
}

// howMade are the reasons for the long way, and how many base images got another one's layers.
func howMade(t *testing.T, out string) (reasons []string, rebased int) {
	t.Helper()
	for _, base := range harness.Records(t, out, "base-manifest.jsonl") {
		require.Equal(t, "built", base.Status, base.Error)
		if base.GraftedFrom == "" {
			reason, _, _ := strings.Cut(base.BuildReason, " (") // What follows is about the sample's layers.
			reasons = append(reasons, reason)
		} else {
			rebased++
		}
	}
	slices.Sort(reasons)
	return reasons, rebased
}

// TestAnAuditWithdrawsARecipeThatReadsWithoutATrace: it works in the directory of the instance's
// files and does not name it, so the layers cannot show what it does.
func TestAnAuditWithdrawsARecipeThatReadsWithoutATrace(t *testing.T) {
	t.Parallel()
	f := working(t, harness.EngineRegistry, "RUN ls | wc -c > /etc/size\n")
	_, rebased := howMade(t, f.Run(t, "--share-bases", "evidence"))
	require.Equal(t, 3, rebased, "nothing but an audit sees it")

	out := f.Run(t, "--force-build", "--share-bases", "audit")

	reasons, rebased := howMade(t, out)
	assert.Zero(t, rebased)
	assert.Equal(t, []string{
		"audited: etc/size has another content",
		"the audit withdrew its rebase key: etc/size has another content",
		"the audit withdrew its rebase key: etc/size has another content",
		"the first with its rebase key",
	}, reasons)
	for i, id := range f.IDs {
		assert.Equal(t, fmt.Sprintln(i+2), harness.FileIn(t, harness.Image(t, f.Base(id)), "etc/size"), id)
	}
	summary, err := os.ReadFile(filepath.Join(out, "summary.md"))
	require.NoError(t, err)
	assert.Contains(t, string(summary), "base images built the long way, `audited: etc/size has another content`: 1")
}

// TestAnAuditOfARecipeThatDoesTheSame: the times that programs write are no difference.
func TestAnAuditOfARecipeThatDoesTheSame(t *testing.T) {
	t.Parallel()
	other, _ := harness.FaultyFleet(t, 1)
	for name, registry := range map[string]string{"beside the base images": harness.EngineRegistry, "in another registry": other.Registry} {
		t.Run("of official images "+name, func(t *testing.T) {
			t.Parallel()
			f := working(t, registry, "RUN mkdir -p /opt/tool && cp /etc/passwd /opt/tool && ln /opt/tool/passwd /opt/tool/same && date +%N > /var/log/tool.log\n"+
				"RUN rm -r /opt/tool/passwd /usr/share/doc && chmod 750 /opt/tool && ln -s /opt/tool/same /usr/local/bin/tool\n")

			out := f.Run(t, "--share-bases", "audit")

			reasons, rebased := howMade(t, out)
			assert.Equal(t, []string{"audited: no difference", "the first with its rebase key"}, reasons)
			assert.Equal(t, 2, rebased)
			summary, err := os.ReadFile(filepath.Join(out, "summary.md"))
			require.NoError(t, err)
			assert.Contains(t, string(summary), "the recipe ran for 2 of 4 base images")
			assert.Contains(t, string(summary), "base images built the long way, `audited: no difference`: 1")
		})
	}
}
