package skip

import (
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

func TestForceBuildMakesEveryImageAnew(t *testing.T) {
	t.Parallel()
	const id = "team__task-1"
	f := harness.NewFleet(t, id)
	f.Push(t, id)
	f.Run(t)
	first := f.Published(t)
	require.Len(t, first, 2)
	moved := harness.OfficialImage(t, "another image under the same tag")
	harness.Push(t, f.Official(id), moved)

	t.Run("without it nothing is, although the official image has changed", func(t *testing.T) {
		dir := f.Run(t)
		assert.Equal(t, first, f.Published(t))
		assert.Equal(t, map[string]string{id: "skipped_remote_exists"}, harness.Statuses(harness.Records(t, dir, "manifest.jsonl")))
	})
	t.Run("with it all three phases are", func(t *testing.T) {
		forged := forgeLayer(t, f)
		dir := f.Run(t, "--force-build")
		for _, file := range []string{"manifest.jsonl", "base-manifest.jsonl", "builder-manifest.jsonl"} {
			made := harness.Records(t, dir, file)
			require.Len(t, made, 1)
			assert.Equal(t, "built", made[0].Status, file)
		}
		now := f.Published(t)
		assert.NotEqual(t, first[f.Base(id)], now[f.Base(id)])
		assert.NotEqual(t, first[f.Agent(id)], now[f.Agent(id)])
		below := harness.Layers(t, moved)
		assert.Equal(t, below, harness.Layers(t, harness.Image(t, f.Agent(id)))[:len(below)], "it stands on the official image as it is now")
		assert.Equal(t, harness.Digest(t, f.Official(id)), harness.Records(t, dir, "manifest.jsonl")[0].OfficialDigest)
		assert.NotContains(t, harness.Layers(t, harness.Image(t, f.Agent(id))), forged, "the agent layer is made anew, too")
	})
}

// forgeLayer puts another layer in the place of the agent layer, with its labels, and returns that
// layer's digest.
func forgeLayer(t *testing.T, f harness.Fleet) string {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, harness.RandomLayer(t, "forged"))
	require.NoError(t, err)
	img = registrytest.Configured(t, img, func(config *v1.ConfigFile) { config.OS, config.Architecture = "linux", "amd64" })
	replaced := 0
	for _, tag := range harness.Tags(t, f.Prefix+"/builder") {
		if at := f.Registry + "/" + f.Prefix + "/builder:" + tag; strings.Contains(tag, "-layer-") {
			harness.Push(t, at, harness.LabelledLike(t, img, harness.Image(t, at)))
			replaced++
		}
	}
	require.Equal(t, 1, replaced)
	return harness.Layers(t, img)[0]
}
