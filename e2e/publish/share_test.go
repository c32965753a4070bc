package publish

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

func TestTheRecipeRunsOnceForBasesThatAreAlike(t *testing.T) {
	t.Parallel()
	const environments, each = 4, 5
	f, proxy := harness.FaultyFleet(t, 0)
	environment := map[string]int{}
	own := map[string]string{} // the instances' own layers
	for number := range environments * each {
		id := harness.Task(number)
		f.IDs, environment[id] = append(f.IDs, id), number%environments
		img := harness.OnEnvironment(t, environment[id], id, harness.Copied)
		all := harness.Layers(t, img)
		own[all[len(all)-1]] = id
		harness.Push(t, f.Official(id), img)
	}
	f.Dataset = harness.Written(t, "dataset.txt", strings.Join(f.IDs, "\n"))
	proxy.Script()

	out := f.Run(t, "--share-bases", "trusted")

	ran, leaders := map[int]int{}, map[string]bool{}
	bases := harness.Records(t, out, "base-manifest.jsonl")
	require.Len(t, bases, environments*each)
	for _, base := range bases {
		assert.Equal(t, "built", base.Status)
		if base.GraftedFrom == "" {
			ran[environment[base.InstanceID]]++
			leaders[base.InstanceID] = true
			continue
		}
		assert.Equal(t, environment[base.InstanceID], environment[base.GraftedFrom], "rebased from another environment")
		assert.Equal(t, harness.Layers(t, harness.Image(t, f.Base(base.GraftedFrom)))[2:], harness.Layers(t, harness.Image(t, f.Base(base.InstanceID)))[2:], "the recipe's layers")
	}
	assert.Equal(t, map[int]int{0: 1, 1: 1, 2: 1, 3: 1}, ran, "how often the recipe ran, by environment")
	for layer, id := range own {
		if leaders[id] {
			continue // The recipe ran on it.
		}
		assert.Zero(t, proxy.Count("GET", "/blobs/"+layer), "the own layer of %s was downloaded", id)
	}
	for _, record := range harness.Records(t, out, "manifest.jsonl") {
		assert.Equal(t, "built", record.Status)
		config, err := harness.Image(t, f.Agent(record.InstanceID)).ConfigFile()
		require.NoError(t, err)
		assert.Equal(t, record.InstanceID, config.Config.Labels["own"], "a label of the official image")
		assert.Contains(t, config.Config.Env, "TOOLS=/opt/tools", "a variable of the recipe's")
	}
	summary, err := os.ReadFile(filepath.Join(out, "summary.md"))
	require.NoError(t, err)
	assert.Contains(t, string(summary), "the recipe ran for 4 of 20 base images")
}

func TestBasesThatAreNotCertainlyAlikeAreBuiltTheLongWay(t *testing.T) {
	t.Parallel()
	f := harness.NewFleet(t, "a__copied-1", "a__copied-2", "a__ran-1", "a__ran-2", "a__system-1", "a__system-2", "a__user-1")
	for _, id := range f.IDs {
		img := harness.OnEnvironment(t, 0, id, map[string]string{
			"a__ran": "RUN /bin/sh -c /root/setup_repo.sh # buildkit", "a__system": "COPY sources.list /etc/apt # buildkit",
		}[id[:len(id)-2]])
		if strings.HasPrefix(id, "a__copied") || strings.HasPrefix(id, "a__user") {
			img = harness.OnEnvironment(t, 0, id, harness.Copied)
		}
		if id == "a__user-1" {
			img = registrytest.Configured(t, img, func(config *v1.ConfigFile) { config.Config.User = "somebody" })
		}
		harness.Push(t, f.Official(id), img)
	}

	rebased := 0
	for _, base := range harness.Records(t, f.Run(t, "--share-bases", "trusted"), "base-manifest.jsonl") {
		assert.Equal(t, "built", base.Status)
		if base.GraftedFrom != "" {
			rebased++
			assert.Contains(t, base.InstanceID, "copied")
		}
	}
	assert.Equal(t, 1, rebased)
	for _, base := range harness.Records(t, f.Run(t, "--force-build"), "base-manifest.jsonl") {
		assert.Empty(t, base.GraftedFrom)
	}
}

// TestOfficialImagesAreNotBelievedByDefault: an image that claims to differ from others in its own
// files only may have put others into them. What its layers have decides.
func TestOfficialImagesAreNotBelievedByDefault(t *testing.T) {
	t.Parallel()
	f := harness.NewFleet(t, "a__genuine-1", "a__genuine-2", "a__hostile-1")
	below := harness.Image(t, harness.EngineRegistry+"/swebench/sweb.eval.x86_64.django_1776_django-11099:latest")
	for _, id := range f.IDs {
		paths := []string{"testbed/", "testbed/" + id}
		if id == "a__hostile-1" {
			paths = []string{"usr/", "usr/local/", "usr/local/bin/", "usr/local/bin/apt-get"}
		}
		harness.Push(t, f.Official(id), onTop(t, below, harness.Copied, paths...))
	}
	rebased := 0
	for _, base := range harness.Records(t, f.Run(t, "--share-bases", "default"), "base-manifest.jsonl") {
		assert.Equal(t, "built", base.Status, base.Error)
		assert.NotContains(t, base.GraftedFrom, "hostile")
		if base.GraftedFrom != "" {
			assert.NotEqual(t, "a__hostile-1", base.InstanceID)
			rebased++
		}
	}
	assert.Equal(t, 1, rebased, "the two genuine images share the recipe")
	message := f.Call(t, "assemble-all", "--share-bases", "auto", "total").Message(t)
	assert.Contains(t, message, "use evidence, or trusted if you vouch for the official images")
}

// TestARebasedBaseIsWhatTheRecipeMakes runs a recipe that installs packages and makes a user.
func TestARebasedBaseIsWhatTheRecipeMakes(t *testing.T) {
	t.Parallel()
	ids := []string{"real__one-1", "real__two-2"}
	below := harness.Image(t, harness.EngineRegistry+"/swebench/sweb.eval.x86_64.django_1776_django-11099:latest")
	official := harness.NewFleet(t, ids...)
	for _, id := range ids {
		img, err := mutate.Append(below, mutate.Addendum{
			Layer: harness.FileLayer(t, "testbed/"+id, 0o644, id), History: v1.History{CreatedBy: harness.Copied},
		})
		require.NoError(t, err)
		require.NoError(t, remote.Write(harness.Reference(t, official.Official(id)), img))
	}
	shared, long := sampleBases(t, official, "trusted"), sampleBases(t, official, "never")

	compared := 0
	for _, id := range ids {
		if shared[id].GraftedFrom == "" {
			continue
		}
		compared++
		files := assertEqualImages(t, long[id].Tags[0], shared[id].Tags[0])
		assert.Contains(t, files, "testbed/"+id)
		assert.Greater(t, len(files), len(harness.Files(t, below)), "the recipe added nothing")
	}
	assert.Equal(t, 1, compared, "one of the two is rebased from the other")
}

// sampleBases are the records of the base images that the sample SDK's recipe makes of these official
// images, by their instances, with this value of --share-bases.
func sampleBases(t *testing.T, official harness.Fleet, share string) map[string]harness.Record {
	t.Helper()
	f := harness.NewFleet(t, official.IDs...)
	f.Template, f.SDK = official.Template, filepath.Join(harness.Root, "testdata", "sdk")
	by := map[string]harness.Record{}
	for _, base := range harness.Records(t, f.Run(t, "--share-bases", share), "base-manifest.jsonl") {
		require.Equal(t, "built", base.Status, base.Error)
		by[base.InstanceID] = base
	}
	return by
}

// assertEqualImages compares two images file by file, and by their configs. It returns the files.
func assertEqualImages(t *testing.T, want, got string) map[string]string {
	t.Helper()
	built, rebased := harness.Image(t, want), harness.Image(t, got)
	files, others := harness.Files(t, built), harness.Files(t, rebased)
	for path, file := range files {
		assert.Equal(t, file, others[path], path)
	}
	assert.Len(t, others, len(files))
	a, err := built.ConfigFile()
	require.NoError(t, err)
	b, err := rebased.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, a.Config, b.Config)
	return others
}
