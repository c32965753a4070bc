package publish

import (
	"context"
	"fmt"
	"math/rand/v2"
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

	"dagger/eval-images/e2e/dockerhub"
	"dagger/eval-images/e2e/internal/harness"
	sample "dagger/eval-images/e2e/official"
)

// cold is a fleet whose official images are in a stand-in for Docker Hub, and nowhere else.
type cold struct {
	harness.Fleet
	hub    *dockerhub.Hub
	images map[string]v1.Image
}

// newCold pushes official images, by their instances, to where a stand-in for Docker Hub has them.
func newCold(t *testing.T, images map[string]v1.Image) cold {
	t.Helper()
	var ids []string
	for id := range images {
		ids = append(ids, id)
	}
	c := cold{Fleet: harness.NewFleet(t, ids...), hub: new(dockerhub.Hub), images: images}
	c.Template = harness.StandInHub(t, c.hub) + "/" + c.Prefix + "/official/{instance_id}:latest"
	for id, img := range images {
		harness.Push(t, c.Official(id), img)
	}
	return c
}

// elsewhere publishes the same official images to empty repositories.
func (c cold) elsewhere(t *testing.T) cold {
	t.Helper()
	template := c.Template
	sdk := c.SDK
	c.Fleet = harness.NewFleet(t, c.IDs...)
	c.Template, c.SDK = template, sdk
	return c
}

// bases runs, and returns the records of all base images by their instances.
func (c cold) bases(t *testing.T, flags ...string) map[string]harness.Record {
	t.Helper()
	by := map[string]harness.Record{}
	for _, base := range harness.Records(t, c.Run(t, flags...), "base-manifest.jsonl") {
		by[base.InstanceID] = base
	}
	return by
}

// crossed is what has to come from the hub, by digest: each layer once, and the configs.
func (c cold) crossed(t *testing.T) map[string]int64 {
	t.Helper()
	sizes := map[string]int64{}
	for _, img := range c.images {
		manifest, err := img.Manifest()
		require.NoError(t, err)
		sizes[manifest.Config.Digest.String()] = manifest.Config.Size
		for _, layer := range manifest.Layers {
			sizes[layer.Digest.String()] = layer.Size
		}
	}
	return sizes
}

// sampleSet are official images on the system of the sample's.
func sampleSet(t *testing.T, generation sample.Generation) *sample.Set {
	t.Helper()
	return &sample.Set{
		System:     harness.Image(t, harness.EngineRegistry+"/swebench/sweb.eval.x86_64.django_1776_django-11099:latest"),
		Generation: generation, Zstd: generation == sample.Flat, Environments: 2,
		Seed:        rand.Int64(), // The engine knows those of earlier runs.
		Environment: sample.Size{Files: 2000, Bytes: 2 << 20}, Repository: sample.Size{Files: 300, Bytes: 64 << 10},
	}
}

// TestAColdRun has official images that are layered as SWE-bench's, in both of its generations, in a
// registry that counts, and publishes to an empty one. Each layer crosses the link once, the recipe runs
// once, and what the others get is what it would have made of them.
func TestAColdRun(t *testing.T) {
	t.Parallel()
	for name, generation := range map[string]sample.Generation{"three Dockerfiles": sample.Classic, "one Dockerfile": sample.Flat} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set, images := sampleSet(t, generation), map[string]v1.Image{}
			for instance := range 4 {
				img, err := set.Image(instance)
				require.NoError(t, err)
				images[fmt.Sprintf("cold__task-%d", instance)] = img
			}
			c := newCold(t, images)
			c.SDK = filepath.Join(harness.Root, "testdata", "sdk")
			c.Key = harness.DockerfileKey(t, c.SDK)

			shared := c.bases(t, "--share-bases", "evidence")

			assert.Equal(t, len(images), c.hub.Module().Pulls)
			assert.Equal(t, c.crossed(t), c.hub.Module().Blobs, "bytes that crossed the link")
			assert.Zero(t, c.hub.Engine().Requests)
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

			c.hub.Reset()
			for _, again := range harness.Records(t, c.Run(t, "--share-bases", "evidence"), "manifest.jsonl") {
				assert.Equal(t, "skipped_remote_exists", again.Status)
			}
			assert.Zero(t, c.hub.Module().Pulls+c.hub.Module().Heads)
			assert.Zero(t, c.hub.Module().Bytes)

			long := c.elsewhere(t).bases(t, "--share-bases", "never", "--instance-ids", strings.Join(grafted[:2], ","))
			assert.Equal(t, 2, c.hub.Engine().Pulls)
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
	set, images, flaws := sampleSet(t, sample.Classic), map[string]v1.Image{}, map[string]sample.Flaw{}
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
	c := newCold(t, images)

	shared := c.bases(t, "--share-bases", "evidence", "--max-attempts", "1")

	assert.Equal(t, c.crossed(t), c.hub.Module().Blobs, "bytes that crossed the link")
	assert.Zero(t, c.hub.Engine().Requests)
	long := c.elsewhere(t).bases(t, "--share-bases", "never", "--max-attempts", "1")
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
		assertEqualAbove(t, images[id], long[id].Tags[0], base.Tags[0])
	}
	assert.Equal(t, "the image has a wrap", shared[wrapped].RebaseRefused)
	assert.Equal(t, len(flaws)+1+1, recipes, "one for each flaw, for the wrap, and for what is sound")
}
