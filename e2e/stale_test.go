package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNoAnswerIsStale makes the identical call before and after the registry changed. Since v0.19.4
// an engine can give the answer of an earlier call; that it does not for this module, e2e/source's
// TestNoAnswerIsCached sees to. This test is for the engine at hand.
func TestNoAnswerIsStale(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]func(t *testing.T, f fleet){
		"check finds out that an image was deleted":                   checkAfterDeletion,
		"plan --pin finds out that an official image's tag was moved": pinAfterMove,
		"assemble-all makes an image that was deleted":                assembleAfterDeletion,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fleetOf(t, task(1), task(2))
			f.push(t, f.all...)
			changes(t, f)
		})
	}
}

func checkAfterDeletion(t *testing.T, f fleet) {
	t.Helper()
	f.run(t)
	assert.Equal(t, "All 2 agent images are published.\n", f.call(t, "check").succeeds(t))

	remove(t, f.agent(task(2)))
	message := f.call(t, "check").message(t)
	assert.Equal(t, []string{f.agent(task(2))}, referencesIn(message, f.registry))

	f.run(t)
	assert.Equal(t, "All 2 agent images are published.\n", f.call(t, "check").succeeds(t))
}

func pinAfterMove(t *testing.T, f fleet) {
	t.Helper()
	pinned := func() map[string]string {
		digests := map[string]string{}
		for _, line := range strings.Split(strings.TrimSpace(f.call(t, "plan", "--pin", "file", "contents").succeeds(t)), "\n") {
			var item struct {
				InstanceID     string `json:"instance_id"`
				OfficialDigest string `json:"official_digest"`
			}
			require.NoError(t, json.Unmarshal([]byte(line), &item), line)
			digests[item.InstanceID] = item.OfficialDigest
		}
		return digests
	}
	before := map[string]string{task(1): digest(t, f.official(task(1))), task(2): digest(t, f.official(task(2)))}
	require.Equal(t, before, pinned())

	require.NoError(t, remote.Write(reference(t, f.official(task(2))), officialImage(t, "moved")))
	after := map[string]string{task(1): before[task(1)], task(2): digest(t, f.official(task(2)))}
	require.NotEqual(t, before, after)
	assert.Equal(t, after, pinned())
}

func assembleAfterDeletion(t *testing.T, f fleet) {
	t.Helper()
	for _, publisher := range []string{"direct", "engine"} {
		assemble := func() map[string]string {
			return statuses(parseRecords(t, f.call(t, "assemble-all", "--publish", "--publisher", publisher, "file", "contents").succeeds(t)))
		}
		assemble()
		assert.Equal(t, map[string]string{task(1): "skipped_remote_exists", task(2): "skipped_remote_exists"}, assemble(), publisher)

		remove(t, f.agent(task(2)))
		assert.Equal(t, map[string]string{task(1): "skipped_remote_exists", task(2): "built"}, assemble(), publisher)
		assert.Len(t, f.agents(t), 2, publisher)
	}
}
