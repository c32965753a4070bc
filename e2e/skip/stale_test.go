package skip

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// TestNoAnswerIsStale makes the identical call before and after the registry changed. Since v0.19.4
// an engine can give the answer of an earlier call; that it does not for this module, e2e/source's
// TestNoAnswerIsCached sees to. This test is for the engine at hand.
func TestNoAnswerIsStale(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]func(t *testing.T, f harness.Fleet){
		"check finds out that an image was deleted":                   checkAfterDeletion,
		"plan --pin finds out that an official image's tag was moved": pinAfterMove,
		"assemble-all makes an image that was deleted":                assembleAfterDeletion,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := harness.NewFleet(t, harness.Task(1), harness.Task(2))
			f.Push(t, f.IDs...)
			changes(t, f)
		})
	}
}

func checkAfterDeletion(t *testing.T, f harness.Fleet) {
	t.Helper()
	f.Run(t)
	assert.Equal(t, "All 2 agent images are published.\n", f.Call(t, "check").Succeeds(t))

	harness.Remove(t, f.Agent(harness.Task(2)))
	message := f.Call(t, "check").Message(t)
	assert.Equal(t, []string{f.Agent(harness.Task(2))}, harness.ReferencesIn(message, f.Registry))

	f.Run(t)
	assert.Equal(t, "All 2 agent images are published.\n", f.Call(t, "check").Succeeds(t))
}

func pinAfterMove(t *testing.T, f harness.Fleet) {
	t.Helper()
	pinned := func() map[string]string {
		digests := map[string]string{}
		for _, line := range strings.Split(strings.TrimSpace(f.Call(t, "plan", "--pin", "file", "contents").Succeeds(t)), "\n") {
			var item struct {
				InstanceID     string `json:"instance_id"`
				OfficialDigest string `json:"official_digest"`
			}
			require.NoError(t, json.Unmarshal([]byte(line), &item), line)
			digests[item.InstanceID] = item.OfficialDigest
		}
		return digests
	}
	before := map[string]string{harness.Task(1): harness.Digest(t, f.Official(harness.Task(1))), harness.Task(2): harness.Digest(t, f.Official(harness.Task(2)))}
	require.Equal(t, before, pinned())

	require.NoError(t, remote.Write(harness.Reference(t, f.Official(harness.Task(2))), harness.OfficialImage(t, "moved")))
	after := map[string]string{harness.Task(1): before[harness.Task(1)], harness.Task(2): harness.Digest(t, f.Official(harness.Task(2)))}
	require.NotEqual(t, before, after)
	assert.Equal(t, after, pinned())
}

func assembleAfterDeletion(t *testing.T, f harness.Fleet) {
	t.Helper()
	for _, publisher := range []string{"direct", "engine"} {
		assemble := func() map[string]string {
			return harness.Statuses(harness.ParseRecords(t, f.Call(t, "assemble-all", "--publish", "--publisher", publisher, "file", "contents").Succeeds(t)))
		}
		assemble()
		assert.Equal(t, map[string]string{harness.Task(1): "skipped_remote_exists", harness.Task(2): "skipped_remote_exists"}, assemble(), publisher)

		harness.Remove(t, f.Agent(harness.Task(2)))
		assert.Equal(t, map[string]string{harness.Task(1): "skipped_remote_exists", harness.Task(2): "built"}, assemble(), publisher)
		assert.Len(t, f.Agents(t), 2, publisher)
	}
}
