package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestPublishersMakeEqualImages: an image that was composed in the registry is the one that the
// engine would have pushed.
func TestPublishersMakeEqualImages(t *testing.T) {
	t.Parallel()
	const wrapped = "sphinx-doc__sphinx-8273"
	f := fleetOf(t, task(1), task(2), wrapped)
	f.push(t, task(1), task(2))
	push(t, f.official(wrapped), withPythons(t, "#!/bin/sh\necho wrapped >/wrapped\n"))
	g := f
	g.prefix = newTarget(t).prefix // Other repositories, and the same official images.

	composed := records(t, f.run(t, "--publisher", "direct"), "manifest.jsonl")
	pushed := records(t, g.run(t, "--publisher", "engine"), "manifest.jsonl")

	require.Len(t, composed, 3)
	require.Len(t, pushed, 3)
	for i := range composed {
		t.Run(composed[i].InstanceID, func(t *testing.T) { sameImage(t, f.target, composed[i], g.target, pushed[i]) })
	}
	assert.Len(t, tags(t, f.prefix+"/builder"), 2, "only who composes images keeps the agent layer beside the builder")
	assert.Len(t, tags(t, g.prefix+"/builder"), 1)
}

// TestPublishersMakeEqualImagesOfTheSample is the same for a server that is more than a file.
func TestPublishersMakeEqualImagesOfTheSample(t *testing.T) {
	t.Parallel()
	f, g := newTarget(t), newTarget(t)
	composed := records(t, f.assembleAll(t, "--publisher", "direct", "--instance-ids", sampleInstances[0]), "manifest.jsonl")[0]
	pushed := records(t, g.assembleAll(t, "--publisher", "engine", "--instance-ids", sampleInstances[0]), "manifest.jsonl")[0]
	sameImage(t, f, composed, g, pushed)

	files := topFiles(t, image(t, composed.Tags[0]))
	assert.Equal(t, files, topFiles(t, image(t, pushed.Tags[0])))
	require.NotEmpty(t, files)
	for _, file := range files {
		assert.True(t, strings.HasPrefix(file.Name, "agent-server"), file.Name)
		assert.Equal(t, [2]int{10001, 10001}, [2]int{file.Uid, file.Gid}, file.Name)
	}
}

// sameImage holds the agent images of two records against each other. Only the name of what they
// stand on may differ, by the target.
func sameImage(t *testing.T, f target, one record, g target, other record) {
	t.Helper()
	require.Equal(t, "built", one.Status)
	require.Equal(t, "built", other.Status)
	assert.Equal(t, one.BaseDigest, other.BaseDigest, "the bases are the same")
	assert.Equal(t, one.Tags[0], strings.ReplaceAll(other.Tags[0], g.prefix, f.prefix))
	a, b := describe(t, f, image(t, one.Tags[0])), describe(t, g, image(t, other.Tags[0]))
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
func describe(t *testing.T, of target, img v1.Image) description {
	t.Helper()
	manifest, err := img.Manifest()
	require.NoError(t, err)
	config, err := img.ConfigFile()
	require.NoError(t, err)
	for _, labels := range []map[string]string{manifest.Annotations, config.Config.Labels} {
		for name, value := range labels {
			labels[name] = strings.Replace(value, of.prefix+"/base:", "target/base:", 1)
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
		f := fleetOf(t, task(1))
		f.registry = "localhost:5999"
		message := f.call(t, "assemble-all", "--publish", "--publisher", "direct", "total").message(t)
		assert.Contains(t, message, "publishing directly: ")
		assert.Contains(t, message, "localhost:5999")
		assert.Contains(t, message, "connection refused")
		assert.NotContains(t, message, "\n")
	})
	t.Run("where it is not let in, likewise, and nothing is built", func(t *testing.T) {
		f, proxy := faultyFleet(t, 1)
		proxy.Script(registrytest.Rule{Fault: onlyTheEngine})
		message := f.call(t, "assemble-all", "--publish", "--publisher", "direct", "total").message(t)
		assert.Contains(t, message, "publishing directly: ")
		assert.Contains(t, message, "401 Unauthorized")
		assert.Contains(t, message, "docker login")
		assert.NotContains(t, message, "\n")
		assert.Empty(t, tags(t, f.prefix+"/builder"))
	})
	t.Run("a publisher that is none is refused with those that are", func(t *testing.T) {
		message := fleetOf(t, task(1)).call(t, "assemble-all", "--publish", "--publisher", "nonsense", "total").message(t)
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
	f, proxy := faultyFleet(t, 1)
	proxy.Script(registrytest.Rule{Fault: onlyTheEngine})

	out := filepath.Join(t.TempDir(), "out")
	c := callModule(t, f.flags("assemble-all", "--publish", "directory", "export", "--path", out)...)

	c.succeeds(t)
	assert.Regexp(t, `publisher: engine, because .*401 Unauthorized`, c.stderr)
	assert.Equal(t, map[string]string{task(1): "built"}, statuses(records(t, out, "manifest.jsonl")))
	assert.Len(t, f.agents(t), 1)
	f.call(t, "check").succeeds(t) // It asks the engine as well.

	message := f.call(t, "assemble-all", "--publish", "--tags", "nightly", "total").message(t)
	assert.Contains(t, message, "tagging "+f.agentTag("nightly-"+task(1)+"-source-minimal")+": ")
	assert.Contains(t, message, "401 Unauthorized")
	assert.Contains(t, message, "pass --registry-username and --registry-password")
	assert.Len(t, f.agents(t), 1, "an engine cannot tag an image that is there")
}

// onlyTheEngine asks the module's own requests for a password. The engine's pass, as if it had one.
func onlyTheEngine(w http.ResponseWriter, r *http.Request, registry http.Handler) {
	if !strings.Contains(r.UserAgent(), "go-containerregistry") {
		registry.ServeHTTP(w, r)
		return
	}
	registrytest.Answer(http.StatusUnauthorized, "", "WWW-Authenticate", `Basic realm="test"`)(w, r, nil)
}
