//go:build crash

package crash

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/dockerhub"
	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/e2e/official"
)

// twoEngines make a shard each of a cold run, at the same time, for one registry: this engine and the
// one that all other tests have. Each moves a layer at most once, and their manifests make a whole one.
func twoEngines(t *testing.T) {
	const size = 8
	set, images := harness.OfficialSet(t, official.Classic), map[string]v1.Image{}
	set.System = harness.SmallSystem(t)
	for instance := range size {
		img, err := set.Image(instance)
		require.NoError(t, err)
		images[fmt.Sprintf("cold__task-%d", instance)] = img
	}
	c := harness.NewCold(t, images)
	other := &dockerhub.Hub{Registry: c.Hub.Registry} // It has the same address, for the other engine.
	_, port, err := net.SplitHostPort(c.HubAddress)
	require.NoError(t, err)
	relayTo(t, port, harness.Served(t, other))

	manifests := t.TempDir()
	shard := func(number int) *harness.Running {
		path := filepath.Join(manifests, fmt.Sprint(number))
		return harness.StartModule(t, c.Flags("assemble-all", "--publish", "--share-bases", "evidence",
			"--shard", fmt.Sprintf("%d/2", number), "directory", "export", "--path", path)...)
	}
	own := os.Getenv(runnerHost)
	require.NoError(t, os.Unsetenv(runnerHost))
	first := shard(1)
	require.NoError(t, os.Setenv(runnerHost, own))
	second := shard(2)
	first.Wait(t).Succeeds(t)
	second.Wait(t).Succeeds(t)

	merged := filepath.Join(t.TempDir(), "merged")
	harness.CallModule(t, "--sdk", c.SDK, "read-manifest", "--source", manifests, "--expect", "2", "directory", "export", "--path", merged).Succeeds(t)
	agents := harness.Statuses(harness.Records(t, merged, "manifest.jsonl"))
	assert.Len(t, agents, size)
	for id, status := range agents {
		assert.Equal(t, "built", status, id)
	}
	for _, hub := range []*dockerhub.Hub{c.Hub, other} {
		assert.Equal(t, size/2, hub.Module().Pulls)
		assert.Zero(t, hub.Engine().Requests)
		for digest, bytes := range c.Crossing(t) {
			assert.LessOrEqual(t, hub.Module().Blobs[digest], bytes, "a layer moved twice")
		}
	}
	c.AssertIntegrity(t)
}
