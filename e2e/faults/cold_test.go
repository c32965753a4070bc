package faults

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/dockerhub"
	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/e2e/official"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// large is the size of a layer that faults are for: of an environment or a repository.
const large = 200_000

// coldFleet has four official images of two environments, in layers of some megabytes.
func coldFleet(t *testing.T) harness.Cold {
	t.Helper()
	set, images := harness.OfficialSet(t, official.Classic), map[string]v1.Image{}
	set.System = harness.SmallSystem(t)
	set.Environment, set.Repository = official.Size{Files: 100, Bytes: 4 << 20}, official.Size{Files: 50, Bytes: 1 << 20}
	for instance := range 4 {
		img, err := set.Image(instance)
		require.NoError(t, err)
		images[coldTask(instance)] = img
	}
	return harness.NewCold(t, images)
}

func coldTask(instance int) string { return fmt.Sprintf("cold__task-%d", instance) }

// all is this status for each image of a cold fleet.
func all(status string) map[string]string {
	statuses := map[string]string{}
	for instance := range 4 {
		statuses[coldTask(instance)] = status
	}
	return statuses
}

// layersOf are the digests of the large layers of an instance's official image: its environment's and
// its own.
func layersOf(t *testing.T, c harness.Cold, instance int) (environment, own string) {
	t.Helper()
	manifest, err := c.Images[coldTask(instance)].Manifest()
	require.NoError(t, err)
	for _, layer := range manifest.Layers {
		if layer.Size > large {
			environment, own = own, layer.Digest.String()
		}
	}
	require.NotEmpty(t, environment)
	return environment, own
}

// TestALayerWhoseSourceBreaksOff goes on where it was, if the source can do that.
func TestALayerWhoseSourceBreaksOff(t *testing.T) {
	t.Parallel()
	for name, source := range map[string]struct{ noRanges, storage bool }{
		"a source that knows ranges": {}, "one that does not": {noRanges: true}, "one that refers to its storage": {storage: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := coldFleet(t)
			sizes := c.Crossing(t)
			c.Hub.NoRanges = source.noRanges
			if source.storage {
				c.Hub.Storage = "http://" + harness.Served(t, http.HandlerFunc(c.Hub.ServeStorage))
			}
			c.Hub.Fault = func(_ context.Context, digest string, nth int) dockerhub.Fault {
				return dockerhub.Fault{Cut: nth == 1 && sizes[digest] > large, After: sizes[digest] / 2}
			}

			assert.Equal(t, all("built"), harness.Statuses(harness.Records(t, c.Run(t, "--share-bases", "evidence"), "manifest.jsonl")))

			unique, crossed := int64(0), c.Hub.Module()
			for digest, size := range sizes {
				unique += size
				assert.Less(t, crossed.Blobs[digest], 2*size)
			}
			if !source.noRanges {
				assert.LessOrEqual(t, crossed.Bytes, unique+unique/50, "what was on its way may be lost")
			}
			t.Logf("%d bytes crossed, of %d", crossed.Bytes, unique)
			assert.Equal(t, 4, crossed.Pulls)
			assert.Zero(t, c.Hub.Engine().Requests)
			c.AssertIntegrity(t)
		})
	}
}

// TestALayerWhoseTargetBreaksOff goes on where the target says that it came.
func TestALayerWhoseTargetBreaksOff(t *testing.T) {
	t.Parallel()
	c := coldFleet(t)
	proxy := c.BehindProxy(t)
	upload := registrytest.Rule{Path: "/base/blobs/uploads/.+", Skip: 8, Times: 3, Fault: registrytest.Cut(large / 2)}
	put, patch := upload, upload
	put.Method, patch.Method = http.MethodPut, http.MethodPatch
	proxy.Script(put, patch)

	assert.Equal(t, all("built"), harness.Statuses(harness.Records(t, c.Run(t, "--share-bases", "evidence"), "manifest.jsonl")))

	cut := 0
	for _, asked := range proxy.Requests() {
		if asked.Status == 0 {
			cut++
		}
	}
	assert.GreaterOrEqual(t, cut, 3)
	for digest, size := range c.Crossing(t) {
		assert.LessOrEqual(t, c.Hub.Module().Blobs[digest], int64(1+cut)*size)
	}
	assert.Equal(t, 4, c.Hub.Module().Pulls)
	c.AssertIntegrity(t)
}

// TestALayerThatIsAnotherOne is never completed, and costs no image that has not got it.
func TestALayerThatIsAnotherOne(t *testing.T) {
	t.Parallel()
	c := coldFleet(t)
	wrong, _ := layersOf(t, c, 1)
	_, once := layersOf(t, c, 0)
	c.Hub.Fault = func(_ context.Context, digest string, nth int) dockerhub.Fault {
		return dockerhub.Fault{Wrong: digest == wrong || digest == once && nth == 1}
	}

	agents := harness.Records(t, c.Run(t, "--share-bases", "evidence"), "manifest.jsonl")

	want := all("built")
	want[coldTask(1)], want[coldTask(3)] = "failed", "failed"
	assert.Equal(t, want, harness.Statuses(agents))
	for _, agent := range agents {
		if agent.Status == "failed" {
			require.NotNil(t, agent.Error)
			assert.Contains(t, *agent.Error, wrong)
		}
	}
	assert.Len(t, c.Bases(t), 2)
	c.AssertIntegrity(t)
}

// TestTheQuotaOfPullsEnds: the run makes what it has read, and another one the rest. No layer moves
// twice.
func TestTheQuotaOfPullsEnds(t *testing.T) {
	t.Parallel()
	c := coldFleet(t)
	c.Hub.Quota = 2

	first := harness.Records(t, c.Run(t, "--share-bases", "evidence", "--max-workers", "1"), "manifest.jsonl")

	built, advice := 0, ""
	for _, agent := range first {
		if agent.Status == "built" {
			built++
		} else if agent.Error != nil {
			advice += *agent.Error
		}
	}
	assert.Equal(t, 2, built)
	assert.Contains(t, advice, "pull rate limit")
	assert.Equal(t, 2, c.Hub.Module().Pulls)
	crossed := c.Hub.Module().Blobs

	c.Hub.Reset() // Six hours later.
	again := harness.Statuses(harness.Records(t, c.Run(t, "--share-bases", "evidence"), "manifest.jsonl"))
	for _, agent := range first {
		want := "built"
		if agent.Status == "built" {
			want = "skipped_remote_exists"
		}
		assert.Equal(t, want, again[agent.InstanceID])
	}
	assert.Equal(t, 2, c.Hub.Module().Pulls)
	for digest, size := range c.Crossing(t) {
		assert.Equal(t, size, crossed[digest]+c.Hub.Module().Blobs[digest])
	}
}

// TestAColdRunThatIsKilled: what another run finds in the base repository it does not move again.
func TestAColdRunThatIsKilled(t *testing.T) {
	t.Parallel()
	c := coldFleet(t)
	const workers = 4 // Each of them waits for the layer of its image's own.
	held := map[string]bool{}
	for instance := range workers {
		_, own := layersOf(t, c, instance)
		held[own] = true
	}
	asked, gone := make(chan struct{}, workers), make(chan struct{}, workers)
	c.Hub.Fault = func(ctx context.Context, digest string, nth int) dockerhub.Fault {
		if held[digest] && nth == 1 {
			asked <- struct{}{}
			<-ctx.Done()
			gone <- struct{}{}
		}
		return dockerhub.Fault{}
	}
	await := func(event chan struct{}) {
		for range workers {
			select {
			case <-event:
			case <-time.After(harness.Noticed):
				require.Fail(t, "it hangs")
			}
		}
	}

	running := harness.StartModule(t, c.Flags("assemble-all", "--publish", "--share-bases", "evidence", "--max-workers", "4", "total")...)
	await(asked)
	running.Signal(t, os.Kill)
	assert.NotZero(t, running.Wait(t).Exit)
	await(gone)

	finished, before := map[string]bool{}, c.Hub.Module()
	for digest := range c.Crossing(t) {
		if harness.HasBlob(t, c.Prefix+"/base", digest) {
			finished[digest] = true
		}
	}
	assert.NotEmpty(t, finished)
	assert.Equal(t, all("built"), harness.Statuses(harness.Records(t, c.Run(t, "--share-bases", "evidence"), "manifest.jsonl")))
	for digest, size := range c.Crossing(t) {
		if finished[digest] && !isConfig(t, c, digest) {
			assert.LessOrEqual(t, c.Hub.Module().Blobs[digest], size, "a finished layer moved twice")
			assert.Equal(t, before.Blobs[digest], c.Hub.Module().Blobs[digest], "a finished layer moved again")
		}
	}
	c.AssertIntegrity(t)
}

// isConfig says whether a blob is a config of an official image, which each run reads.
func isConfig(t *testing.T, c harness.Cold, digest string) bool {
	t.Helper()
	for _, img := range c.Images {
		name, err := img.ConfigName()
		require.NoError(t, err)
		if name.String() == digest {
			return true
		}
	}
	return false
}
