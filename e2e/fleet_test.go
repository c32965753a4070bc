package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	f := newFleet(t)
	failing := tasks(append([]int{fleetForeign, fleetTorn}, fleetMissing...)...)
	earlier := f.runEarlier(t)

	started := time.Now()
	out := f.run(t)
	t.Logf("%d instances took %.2f s each", fleetSize, time.Since(started).Seconds()/fleetSize)
	agents, bases := records(t, out, "manifest.jsonl"), records(t, out, "base-manifest.jsonl")
	published := f.published(t)

	t.Run("the manifest has each instance once, with what became of it", func(t *testing.T) {
		want := map[string]string{}
		for _, id := range f.all {
			want[id] = "built"
		}
		for _, id := range failing {
			want[id] = "failed"
		}
		for _, id := range tasks(fleetFinished...) {
			want[id] = "skipped_remote_exists"
		}
		assert.Len(t, agents, fleetSize)
		assert.Equal(t, want, statuses(agents))

		want[task(fleetBegun)] = "skipped_remote_exists"
		for _, id := range tasks(fleetFinished...) {
			delete(want, id) // What is finished needs no base image, so nobody looked for it.
		}
		assert.Len(t, bases, len(want))
		assert.Equal(t, want, statuses(bases))
	})
	t.Run("the registry has those tags with those digests, and no others", func(t *testing.T) {
		want := tagsOf(agents, bases)
		for _, number := range fleetFinished {
			want[f.base(task(number))] = earlier[f.base(task(number))]
		}
		assert.Equal(t, want, published)
		for _, id := range f.all {
			made := !slices.Contains(failing, id)
			assert.Equal(t, made, published[f.base(id)] != "", "base image of %s", id)
			assert.Equal(t, made, published[f.agent(id)] != "", "agent image of %s", id)
		}
		builders := tags(t, f.prefix+"/builder")
		require.Len(t, builders, 2)
		assert.Equal(t, f.sha[:7], builders[0])
		assert.Contains(t, builders[1], f.sha[:7]+"-layer-")
	})
	t.Run("what was there from before is what it was", func(t *testing.T) {
		for reference, digest := range earlier {
			assert.Equal(t, digest, published[reference], reference)
		}
	})
	t.Run("each record tells how its image came about", func(t *testing.T) {
		for _, agent := range agents {
			assert.Equal(t, f.official(agent.InstanceID), agent.BaseImage)
			if slices.Contains(failing, agent.InstanceID) {
				assert.Empty(t, agent.Tags)
				assert.Empty(t, agent.Digest)
				require.NotNil(t, agent.Error, agent.InstanceID)
				assert.Contains(t, *agent.Error, "base "+agent.InstanceID)
				continue
			}
			assert.Nil(t, agent.Error)
			assert.Equal(t, 1, agent.AttemptCount, "nothing had to be tried twice")
			assert.Equal(t, []string{f.agent(agent.InstanceID)}, agent.Tags)
			assert.Equal(t, f.base(agent.InstanceID), agent.BaseTag)
			assert.Equal(t, published[agent.BaseTag], agent.BaseDigest)
		}
		reasons := map[string]string{}
		for _, base := range bases {
			if base.Error != nil {
				reasons[base.InstanceID] = *base.Error
			}
		}
		for _, id := range tasks(fleetMissing...) {
			assert.Contains(t, reasons[id], "there is no official image "+f.official(id))
		}
		assert.Contains(t, reasons[task(fleetForeign)], "linux/amd64")
		assert.NotContains(t, reasons[task(fleetForeign)], "there is no official image")
		assert.Contains(t, reasons[task(fleetTorn)], "could not fetch content descriptor")
	})
	t.Run("every agent image is its base image and the one agent layer", func(t *testing.T) {
		images := images(t, slices.Collect(maps.Keys(published)))
		added := map[string]int{}
		for _, id := range f.all {
			if published[f.agent(id)] == "" {
				continue
			}
			below, all := layers(t, images[f.base(id)]), layers(t, images[f.agent(id)])
			require.Len(t, all, len(below)+1, id)
			require.Equal(t, below, all[:len(below)], id)
			added[all[len(below)]]++
		}
		require.Len(t, added, 1, "the agent layer differs between images")
		for _, header := range topFiles(t, images[f.agent(task(2))]) {
			assert.Equal(t, [2]int{10001, 10001}, [2]int{header.Uid, header.Gid}, header.Name)
		}
	})
	t.Run("an image keeps the official image's config, and names its digest", func(t *testing.T) {
		official := digest(t, f.official(task(2)))
		for _, reference := range []string{f.base(task(2)), f.agent(task(2))} {
			config, err := image(t, reference).ConfigFile()
			require.NoError(t, err)
			assert.Equal(t, "nobody", config.Config.User)
			assert.Equal(t, "/testbed", config.Config.WorkingDir)
			assert.Contains(t, config.Config.Env, "INSTANCE="+task(2))
			assert.Contains(t, config.Config.Env, "TOOLS=/opt/tools")
			assert.Equal(t, official, config.Config.Labels["eval-images.official.digest"])
		}
		for _, record := range slices.Concat(agents[1:2], bases[:1]) {
			assert.Equal(t, task(2), record.InstanceID)
			assert.Equal(t, official, record.OfficialDigest)
		}
	})
	t.Run("the manifest's check fails with a list of the failed ones", func(t *testing.T) {
		message := callModule(t, "--sdk", f.sdk, "read-manifest", "--source", out, "check").message(t)
		assert.Contains(t, message, "7 of 300 agent images failed")
		assert.ElementsMatch(t, failing, listed(message))
	})
	t.Run("after repairs a second run makes the rest, and ends with a list of what still fails", func(t *testing.T) {
		repaired := append([]int{fleetTorn}, fleetMissing...)
		f.push(t, tasks(repaired...)...)
		message := f.call(t, "assemble-all", "--publish", "total").message(t)
		assert.Contains(t, message, "1 of 300 agent images failed")
		assert.Equal(t, tasks(fleetForeign), listed(message))

		now := f.published(t)
		for reference, digest := range published {
			assert.Equal(t, digest, now[reference], "%s was made again", reference)
		}
		for _, id := range tasks(repaired...) {
			assert.NotEmpty(t, now[f.base(id)])
			assert.NotEmpty(t, now[f.agent(id)])
		}
		assert.Len(t, now, len(published)+2*len(repaired))
	})
}

// newFleet pushes the official images, except for what is planted, and writes the dataset.
func newFleet(t *testing.T) fleet {
	t.Helper()
	var ids, rows, there []string
	for number := 1; number <= fleetSize; number++ {
		id := task(number)
		ids = append(ids, id)
		rows = append(rows, fmt.Sprintf(`{"instance_id":%q,"repo":"fleet/task"}`, id))
		if number != fleetForeign && number != fleetTorn && !slices.Contains(fleetMissing, number) {
			there = append(there, id)
		}
	}
	slices.Reverse(rows) // The manifest's order is its own.
	f := fleetOf(t, ids...)
	f.dataset = written(t, "fleet.jsonl", strings.Join(append(rows, rows[4], rows[294]), "\n")+"\n")
	f.push(t, there...)
	pushForeign(t, f.official(task(fleetForeign)))
	pushTorn(t, f.official(task(fleetTorn)))
	return f
}

// task is an instance of the fleet.
func task(number int) string { return fmt.Sprintf("fleet__task-%03d", number) }

func tasks(numbers ...int) []string {
	var ids []string
	for _, number := range numbers {
		ids = append(ids, task(number))
	}
	return ids
}

// runEarlier is a run over a few instances, and returns what it published.
func (f fleet) runEarlier(t *testing.T) map[string]string {
	t.Helper()
	chosen := tasks(append([]int{fleetBegun}, fleetFinished...)...)
	f.call(t, "assemble-all", "--publish", "--instance-ids", strings.Join(chosen, ","), "total").succeeds(t)
	remove(t, f.agent(task(fleetBegun)))
	earlier := f.published(t)
	require.Len(t, earlier, 2*len(chosen)-1)
	return earlier
}
