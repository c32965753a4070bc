package publish

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
)

// fleetSize is the number of instances in the fleet.
const fleetSize = 300

// What is planted in the fleet, by the instances' numbers.
var (
	// fleetMissing have no official image.
	fleetMissing = []int{7, 70, 77, 170, 270}
	// fleetForeign has an official image for arm64 only.
	fleetForeign = 100
	// fleetTorn has an official image with a layer that the registry has lost.
	fleetTorn = 200
	// fleetFinished have their agent images from an earlier run.
	fleetFinished = []int{1, 150, 300}
	// fleetBegun has its base image from an earlier run, and no agent image.
	fleetBegun = 250
)

// TestFleet is a benchmark in small: 300 instances, of which some are done, some cannot be made,
// and two stand twice in the dataset.
func TestFleet(t *testing.T) {
	t.Parallel()
	f := plantedFleet(t)
	failing := harness.Tasks(append([]int{fleetForeign, fleetTorn}, fleetMissing...)...)
	earlier := runEarlier(t, f)

	started := time.Now()
	out := f.Run(t)
	t.Logf("%d instances took %.2f s each", fleetSize, time.Since(started).Seconds()/fleetSize)
	agents, bases := harness.Records(t, out, "manifest.jsonl"), harness.Records(t, out, "base-manifest.jsonl")
	published := f.Published(t)

	t.Run("the manifest has each instance once, with what became of it", func(t *testing.T) {
		want := map[string]string{}
		for _, id := range f.IDs {
			want[id] = "built"
		}
		for _, id := range failing {
			want[id] = "failed"
		}
		for _, id := range harness.Tasks(fleetFinished...) {
			want[id] = "skipped_remote_exists"
		}
		assert.Len(t, agents, fleetSize)
		assert.Equal(t, want, harness.Statuses(agents))

		want[harness.Task(fleetBegun)] = "skipped_remote_exists"
		for _, id := range harness.Tasks(fleetFinished...) {
			delete(want, id) // What is finished needs no base image, so nobody looked for it.
		}
		assert.Len(t, bases, len(want))
		assert.Equal(t, want, harness.Statuses(bases))
	})
	t.Run("the registry has those tags with those digests, and no others", func(t *testing.T) {
		want := harness.TagsOf(agents, bases)
		for _, number := range fleetFinished {
			want[f.Base(harness.Task(number))] = earlier[f.Base(harness.Task(number))]
		}
		assert.Equal(t, want, published)
		for _, id := range f.IDs {
			made := !slices.Contains(failing, id)
			assert.Equal(t, made, published[f.Base(id)] != "", "base image of %s", id)
			assert.Equal(t, made, published[f.Agent(id)] != "", "agent image of %s", id)
		}
		builders := harness.Tags(t, f.Prefix+"/builder")
		require.Len(t, builders, 2)
		assert.Equal(t, f.SHA[:7], builders[0])
		assert.Contains(t, builders[1], f.SHA[:7]+"-layer-")
	})
	t.Run("what was there from before is what it was", func(t *testing.T) {
		for reference, digest := range earlier {
			assert.Equal(t, digest, published[reference], reference)
		}
	})
	t.Run("each record tells how its image came about", func(t *testing.T) {
		for _, agent := range agents {
			assert.Equal(t, f.Official(agent.InstanceID), agent.BaseImage)
			if slices.Contains(failing, agent.InstanceID) {
				assert.Empty(t, agent.Tags)
				assert.Empty(t, agent.Digest)
				require.NotNil(t, agent.Error, agent.InstanceID)
				assert.Contains(t, *agent.Error, "base "+agent.InstanceID)
				continue
			}
			assert.Nil(t, agent.Error)
			assert.Equal(t, 1, agent.AttemptCount, "nothing had to be tried twice")
			assert.Equal(t, []string{f.Agent(agent.InstanceID)}, agent.Tags)
			assert.Equal(t, f.Base(agent.InstanceID), agent.BaseTag)
			assert.Equal(t, published[agent.BaseTag], agent.BaseDigest)
		}
		reasons := map[string]string{}
		for _, base := range bases {
			if base.Error != nil {
				reasons[base.InstanceID] = *base.Error
			}
		}
		for _, id := range harness.Tasks(fleetMissing...) {
			assert.Contains(t, reasons[id], "there is no official image "+f.Official(id))
		}
		assert.Contains(t, reasons[harness.Task(fleetForeign)], "linux/amd64")
		assert.NotContains(t, reasons[harness.Task(fleetForeign)], "there is no official image")
		assert.Contains(t, reasons[harness.Task(fleetTorn)], "could not fetch content descriptor")
	})
	t.Run("every agent image is its base image and the one agent layer", func(t *testing.T) {
		images := harness.Images(t, slices.Collect(maps.Keys(published)))
		added := map[string]int{}
		for _, id := range f.IDs {
			if published[f.Agent(id)] == "" {
				continue
			}
			below, all := harness.Layers(t, images[f.Base(id)]), harness.Layers(t, images[f.Agent(id)])
			require.Len(t, all, len(below)+1, id)
			require.Equal(t, below, all[:len(below)], id)
			added[all[len(below)]]++
		}
		require.Len(t, added, 1, "the agent layer differs between images")
		for _, header := range topFiles(t, images[f.Agent(harness.Task(2))]) {
			assert.Equal(t, [2]int{10001, 10001}, [2]int{header.Uid, header.Gid}, header.Name)
		}
	})
	t.Run("an image keeps the official image's config, and names its digest", func(t *testing.T) {
		official := harness.Digest(t, f.Official(harness.Task(2)))
		for _, reference := range []string{f.Base(harness.Task(2)), f.Agent(harness.Task(2))} {
			config, err := harness.Image(t, reference).ConfigFile()
			require.NoError(t, err)
			assert.Equal(t, "nobody", config.Config.User)
			assert.Equal(t, "/testbed", config.Config.WorkingDir)
			assert.Contains(t, config.Config.Env, "INSTANCE="+harness.Task(2))
			assert.Contains(t, config.Config.Env, "TOOLS=/opt/tools")
			assert.Equal(t, official, config.Config.Labels["eval-images.official.digest"])
		}
		for _, record := range slices.Concat(agents[1:2], bases[:1]) {
			assert.Equal(t, harness.Task(2), record.InstanceID)
			assert.Equal(t, official, record.OfficialDigest)
		}
	})
	t.Run("the manifest's check fails with a list of the failed ones", func(t *testing.T) {
		message := harness.CallModule(t, "--sdk", f.SDK, "read-manifest", "--source", out, "check").Message(t)
		assert.Contains(t, message, "7 of 300 agent images failed")
		assert.ElementsMatch(t, failing, harness.Listed(message))
	})
	t.Run("after repairs a second run makes the rest, and ends with a list of what still fails", func(t *testing.T) {
		repaired := append([]int{fleetTorn}, fleetMissing...)
		f.Push(t, harness.Tasks(repaired...)...)
		message := f.Call(t, "assemble-all", "--publish", "total").Message(t)
		assert.Contains(t, message, "1 of 300 agent images failed")
		assert.Equal(t, harness.Tasks(fleetForeign), harness.Listed(message))

		now := f.Published(t)
		for reference, digest := range published {
			assert.Equal(t, digest, now[reference], "%s was made again", reference)
		}
		for _, id := range harness.Tasks(repaired...) {
			assert.NotEmpty(t, now[f.Base(id)])
			assert.NotEmpty(t, now[f.Agent(id)])
		}
		assert.Len(t, now, len(published)+2*len(repaired))
	})
}

// plantedFleet pushes the official images, except for what is planted, and writes the dataset.
func plantedFleet(t *testing.T) harness.Fleet {
	t.Helper()
	var ids, rows, there []string
	for number := 1; number <= fleetSize; number++ {
		id := harness.Task(number)
		ids = append(ids, id)
		rows = append(rows, fmt.Sprintf(`{"instance_id":%q,"repo":"fleet/task"}`, id))
		if number != fleetForeign && number != fleetTorn && !slices.Contains(fleetMissing, number) {
			there = append(there, id)
		}
	}
	slices.Reverse(rows) // The manifest's order is its own.
	f := harness.NewFleet(t, ids...)
	f.Dataset = harness.Written(t, "fleet.jsonl", strings.Join(append(rows, rows[4], rows[294]), "\n")+"\n")
	f.Push(t, there...)
	pushForeign(t, f.Official(harness.Task(fleetForeign)))
	pushTorn(t, f.Official(harness.Task(fleetTorn)))
	return f
}

// runEarlier is a run over a few instances, and returns what it published.
func runEarlier(t *testing.T, f harness.Fleet) map[string]string {
	t.Helper()
	chosen := harness.Tasks(append([]int{fleetBegun}, fleetFinished...)...)
	f.Call(t, "assemble-all", "--publish", "--instance-ids", strings.Join(chosen, ","), "total").Succeeds(t)
	harness.Remove(t, f.Agent(harness.Task(fleetBegun)))
	earlier := f.Published(t)
	require.Len(t, earlier, 2*len(chosen)-1)
	return earlier
}
