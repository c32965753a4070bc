package publish

import (
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestPublishersMakeEqualImages: an image that was composed in the registry is the one that the
// engine would have pushed.
func TestPublishersMakeEqualImages(t *testing.T) {
	t.Parallel()
	const wrapped = "sphinx-doc__sphinx-8273"
	f := harness.NewFleet(t, harness.Task(1), harness.Task(2), wrapped)
	f.Push(t, harness.Task(1), harness.Task(2))
	harness.Push(t, f.Official(wrapped), harness.WithPythons(t, "#!/bin/sh\necho wrapped >/wrapped\n"))
	g := f
	g.Prefix = harness.NewTarget(t).Prefix // Other repositories, and the same official images.

	composed := harness.Records(t, f.Run(t, "--publisher", "direct"), "manifest.jsonl")
	pushed := harness.Records(t, g.Run(t, "--publisher", "engine"), "manifest.jsonl")

	require.Len(t, composed, 3)
	require.Len(t, pushed, 3)
	for i := range composed {
		t.Run(composed[i].InstanceID, func(t *testing.T) { sameImage(t, f.Target, composed[i], g.Target, pushed[i]) })
	}
	assert.Len(t, harness.Tags(t, f.Prefix+"/builder"), 2, "only who composes images keeps the agent layer beside the builder")
	assert.Len(t, harness.Tags(t, g.Prefix+"/builder"), 1)
}

// TestPublishersMakeEqualImagesOfTheSample is the same for a server that is more than a file.
func TestPublishersMakeEqualImagesOfTheSample(t *testing.T) {
	t.Parallel()
	f, g := harness.NewTarget(t), harness.NewTarget(t)
	composed := harness.Records(t, f.AssembleAll(t, "--publisher", "direct", "--instance-ids", harness.SampleInstances[0]), "manifest.jsonl")[0]
	pushed := harness.Records(t, g.AssembleAll(t, "--publisher", "engine", "--instance-ids", harness.SampleInstances[0]), "manifest.jsonl")[0]
	sameImage(t, f, composed, g, pushed)

	files := topFiles(t, harness.Image(t, composed.Tags[0]))
	assert.Equal(t, files, topFiles(t, harness.Image(t, pushed.Tags[0])))
	require.NotEmpty(t, files)
	for _, file := range files {
		assert.True(t, strings.HasPrefix(file.Name, "agent-server"), file.Name)
		assert.Equal(t, [2]int{10001, 10001}, [2]int{file.Uid, file.Gid}, file.Name)
	}
}

// sameImage holds the agent images of two records against each other. Only the name of what they
// stand on may differ, by the target.
func sameImage(t *testing.T, f harness.Target, one harness.Record, g harness.Target, other harness.Record) {
	t.Helper()
	require.Equal(t, "built", one.Status)
	require.Equal(t, "built", other.Status)
	assert.Equal(t, one.BaseDigest, other.BaseDigest, "the bases are the same")
	assert.Equal(t, one.Tags[0], strings.ReplaceAll(other.Tags[0], g.Prefix, f.Prefix))
	a, b := describe(t, f, harness.Image(t, one.Tags[0])), describe(t, g, harness.Image(t, other.Tags[0]))
	assert.Equal(t, a, b)
	assert.Equal(t, one.BaseDigest, a.config.Labels["org.opencontainers.image.base.digest"])
}

// description is what two images must have in common.
type description struct {
	platform, media, configMedia string
	layers                       []v1.Descriptor
	diffs                        []v1.Hash
	config                       v1.Config
	annotations                  map[string]string
}

// describe leaves the target's own name out. Both targets have the same official images.
func describe(t *testing.T, of harness.Target, img v1.Image) description {
	t.Helper()
	manifest, err := img.Manifest()
	require.NoError(t, err)
	config, err := img.ConfigFile()
	require.NoError(t, err)
	for _, labels := range []map[string]string{manifest.Annotations, config.Config.Labels} {
		for name, value := range labels {
			labels[name] = strings.Replace(value, of.Prefix+"/base:", "target/base:", 1)
		}
	}
	return description{
		platform: config.OS + "/" + config.Architecture,
		media:    string(manifest.MediaType), configMedia: string(manifest.Config.MediaType),
		layers: manifest.Layers, diffs: config.RootFS.DiffIDs, config: config.Config, annotations: manifest.Annotations,
	}
}

func TestPublisherDirectNeedsTheRegistry(t *testing.T) {
	t.Parallel()
	t.Run("where nothing answers, one error says so", func(t *testing.T) {
		f := harness.NewFleet(t, harness.Task(1))
		f.Registry = "localhost:5999"
		message := f.Call(t, "assemble-all", "--publish", "--publisher", "direct", "total").Message(t)
		assert.Contains(t, message, "publishing directly: ")
		assert.Contains(t, message, "localhost:5999")
		assert.Contains(t, message, "connection refused")
		assert.NotContains(t, message, "\n")
	})
	t.Run("where it is not let in, likewise, and nothing is built", func(t *testing.T) {
		f, proxy := harness.FaultyFleet(t, 1)
		proxy.Script(registrytest.Rule{Fault: harness.OnlyTheEngine})
		message := f.Call(t, "assemble-all", "--publish", "--publisher", "direct", "total").Message(t)
		assert.Contains(t, message, "publishing directly: ")
		assert.Contains(t, message, "401 Unauthorized")
		assert.Contains(t, message, "docker login")
		assert.NotContains(t, message, "\n")
		assert.Empty(t, harness.Tags(t, f.Prefix+"/builder"))
	})
	t.Run("a publisher that is none is refused with those that are", func(t *testing.T) {
		message := harness.NewFleet(t, harness.Task(1)).Call(t, "assemble-all", "--publish", "--publisher", "nonsense", "total").Message(t)
		assert.Contains(t, message, `--publisher is "nonsense"`)
		for _, one := range []string{"auto", "direct", "engine"} {
			assert.Contains(t, message, one)
		}
	})
}

// TestPublisherAutoFallsBack: where only the engine has credentials, as with `docker login`, the
// engine publishes. A further tag for what is there it cannot put.
func TestPublisherAutoFallsBack(t *testing.T) {
	t.Parallel()
	f, proxy := harness.FaultyFleet(t, 1)
	proxy.Script(registrytest.Rule{Fault: harness.OnlyTheEngine})

	out := filepath.Join(t.TempDir(), "out")
	c := harness.CallModule(t, f.Flags("assemble-all", "--publish", "directory", "export", "--path", out)...)

	c.Succeeds(t)
	assert.Regexp(t, `publisher: engine, because .*401 Unauthorized`, c.Stderr)
	assert.Equal(t, map[string]string{harness.Task(1): "built"}, harness.Statuses(harness.Records(t, out, "manifest.jsonl")))
	assert.Len(t, f.Agents(t), 1)
	f.Call(t, "check").Succeeds(t) // It asks the engine as well.

	message := f.Call(t, "assemble-all", "--publish", "--tags", "nightly", "total").Message(t)
	assert.Contains(t, message, "tagging "+f.AgentTag("nightly-"+harness.Task(1)+"-source-minimal")+": ")
	assert.Contains(t, message, "401 Unauthorized")
	assert.Contains(t, message, "pass --registry-username and --registry-password")
	assert.Len(t, f.Agents(t), 1, "an engine cannot tag an image that is there")
}
