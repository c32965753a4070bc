package publish

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	sample "dagger/eval-images/e2e/official"
)

// TestAColdRun has official images that are layered as SWE-bench's, in both of its generations, in a
// registry that counts, and publishes to an empty one. Each layer crosses the link once, the recipe runs
// once, and what the others get is what it would have made of them.
func TestAColdRun(t *testing.T) {
	t.Parallel()
	for name, generation := range map[string]sample.Generation{"three Dockerfiles": sample.Classic, "one Dockerfile": sample.Flat} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, images := harness.OfficialSet(t, generation), map[string]v1.Image{}
			for instance := range 4 {
				img, err := set.Image(instance)
				require.NoError(t, err)
				images[fmt.Sprintf("cold__task-%d", instance)] = img
			}
			c := harness.NewCold(t, images)
			c.SDK = filepath.Join(harness.Root, "testdata", "sdk")
			c.Key = harness.DockerfileKey(t, c.SDK)

			shared := c.MakesBases(t, "--share-bases", "evidence")

			assert.Equal(t, len(images), c.Hub.Module().Pulls)
			assert.Equal(t, c.Crossing(t), c.Hub.Module().Blobs, "bytes that crossed the link")
			assert.Zero(t, c.Hub.Engine().Requests)
			recipes, grafted := 0, []string{}
			for id, base := range shared {
				require.Equal(t, "built", base.Status, base.Error)
				assert.Empty(t, base.RebaseRefused)
				if base.GraftedFrom == "" {
					recipes++
				} else {
					grafted = append(grafted, id)
				}
			}
			assert.Equal(t, 1, recipes, "the environments are free places: the recipe runs once for the system")
			require.Len(t, grafted, len(images)-1)
			answersWell(t, c.Agent(grafted[0]), grafted[0])

			c.Hub.Reset()
			for _, again := range harness.Records(t, c.Run(t, "--share-bases", "evidence"), "manifest.jsonl") {
				assert.Equal(t, "skipped_remote_exists", again.Status)
			}
			assert.Zero(t, c.Hub.Module().Pulls+c.Hub.Module().Heads)
			assert.Zero(t, c.Hub.Module().Bytes)

			long := c.Elsewhere(t).MakesBases(t, "--share-bases", "never", "--instance-ids", strings.Join(grafted[:2], ","))
			assert.Equal(t, 2, c.Hub.Engine().Pulls)
			assertEqualImages(t, long[grafted[0]].Tags[0], shared[grafted[0]].Tags[0])
			assertEqualAbove(t, images[grafted[1]], long[grafted[1]].Tags[0], shared[grafted[1]].Tags[0])
		})
	}
}

// assertEqualAbove compares two images that stand on the same one: what is above it file by file, and
// the configs.
func assertEqualAbove(t *testing.T, below v1.Image, want, got string) {
	t.Helper()
	under := harness.Layers(t, below)
	var files [2]map[string]string
	var configs [2]v1.Config
	for i, tag := range []string{want, got} {
		img := harness.Image(t, tag)
		require.Equal(t, under, harness.Layers(t, img)[:len(under)], tag)
		layers, err := img.Layers()
		require.NoError(t, err)
		above, err := mutate.AppendLayers(empty.Image, layers[len(under):]...)
		require.NoError(t, err)
		files[i] = harness.Files(t, above)
		config, err := img.ConfigFile()
		require.NoError(t, err)
		configs[i] = config.Config
	}
	assert.NotEmpty(t, files[0])
	assert.Equal(t, files[0], files[1])
	assert.Equal(t, configs[0], configs[1])
}

// answersWell starts an agent image, which says that it is well and has its instance's repository.
func answersWell(t *testing.T, agent, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	url := serve(ctx, t, agent)
	status, _ := request(ctx, t, http.MethodGet, url+"/health", nil)
	assert.Equal(t, http.StatusOK, status)
	task := "task-" + id[strings.LastIndex(id, "-")+1:]
	assert.Regexp(t, "of "+task+`, \d+\n777\n`, execute(ctx, t, url, "cat /testbed/package_000/module_00.py && stat -c %a /testbed"))
}

// TestFlawedOfficialImages have the recipe run for each of them, and are what they are the long way.
// Those that nobody can unpack cost no other.
func TestFlawedOfficialImages(t *testing.T) {
	t.Parallel()
	const wrapped = "sphinx-doc__sphinx-8273"
	set, images, flaws := harness.OfficialSet(t, sample.Classic), map[string]v1.Image{}, map[string]sample.Flaw{}
	for number, flaw := range sample.Flaws {
		id := fmt.Sprintf("flaw__task-%d", number)
		img, err := set.Flawed(number, flaw)
		require.NoError(t, err)
		images[id], flaws[id] = img, flaw
	}
	for number, id := range []string{"sound__task-1", "sound__task-2", wrapped} {
		img, err := set.Image(100 + number)
		require.NoError(t, err)
		images[id] = img
	}
	c := harness.NewCold(t, images)

	shared := c.MakesBases(t, "--share-bases", "evidence", "--max-attempts", "1")

	assert.Equal(t, c.Crossing(t), c.Hub.Module().Blobs, "bytes that crossed the link")
	assert.Zero(t, c.Hub.Engine().Requests)
	long := c.Elsewhere(t).MakesBases(t, "--share-bases", "never", "--max-attempts", "1")
	statuses := func(of map[string]harness.Record) map[string]string {
		all := map[string]string{}
		for id, record := range of {
			all[id] = record.Status
		}
		return all
	}
	assert.Equal(t, statuses(long), statuses(shared))
	recipes := 0
	for id, base := range shared {
		flaw, flawed := flaws[id]
		if base.GraftedFrom == "" {
			recipes++
		} else {
			assert.False(t, flawed || id == wrapped, "%s: %s", id, flaw.Name)
		}
		if flaw.Unreadable {
			assert.Equal(t, "failed", base.Status, flaw.Name)
			assert.Contains(t, base.RebaseRefused, flaw.Reason, flaw.Name)
			continue
		}
		require.Equal(t, "built", base.Status, "%s: %v", id, base.Error)
		if flawed {
			assert.Contains(t, base.BuildReason, flaw.Reason, flaw.Name)
		}
		assertEqualAbove(t, images[id], long[id].Tags[0], base.Tags[0])
	}
	assert.Equal(t, "the image has a wrap", shared[wrapped].RebaseRefused)
	assert.Equal(t, len(flaws)+1+1, recipes, "one for each flaw, for the wrap, and for what is sound")
}
