package publish

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestRequestsOfADirectRun counts what registries count: requests, and what goes over the wire.
func TestRequestsOfADirectRun(t *testing.T) {
	t.Parallel()
	f, proxy := harness.FleetWithoutAgents(t, "direct")
	layers, configs := blobs(t, f)
	size := len(f.IDs)
	proxy.Script()
	f.Makes(t, "built", "direct")
	made, read := len(proxy.Requests()), blobsRead(proxy)

	t.Run("an image on a base that is there costs few requests, and of blobs only configs are read, once each", func(t *testing.T) {
		for digest, n := range read {
			assert.False(t, layers[digest], "the layer %s was read", digest)
			assert.True(t, configs[digest], "%s is no config", digest)
			assert.Equal(t, 1, n, digest)
		}
		assert.LessOrEqual(t, made, harness.RequestsPerRun+harness.RequestsPerLayer+size*harness.RequestsPerImage)
	})
	t.Run("an image that is there costs one, and nothing is put", func(t *testing.T) {
		proxy.Script()
		f.Makes(t, "skipped_remote_exists", "direct")
		for _, id := range f.IDs {
			assert.Equal(t, 1, proxy.Count("", harness.ManifestOf(id)), id)
		}
		assert.Len(t, proxy.Requests(), harness.RequestsPerRun+size)
		assert.Zero(t, proxy.Count(http.MethodPut, ""))
		assert.Equal(t, 3, proxy.Count(http.MethodPost, ""), "those that ask whether it may push")
	})
}

// TestRequestsOfARepositoryForAll: an agent image beside its base image has no layer to mount but
// the agent server's, once for all.
func TestRequestsOfARepositoryForAll(t *testing.T) {
	t.Parallel()
	f, proxy := harness.FleetWithoutAgents(t, "direct")
	shared := f.Registry + "/" + f.Prefix + "/base"
	proxy.Script()
	ended := harness.Statuses(harness.Records(t, f.Run(t, "--publisher", "direct", "--agent-repo", shared), "manifest.jsonl"))
	for _, id := range f.IDs {
		assert.Equal(t, "built", ended[id], id)
	}
	assert.Equal(t, 1, proxy.Mounted())
	assert.Equal(t, len(f.IDs), proxy.Count(http.MethodPut, "/base/manifests/"))
	const forAll = 3 // The agent layer's manifest, config and mount.
	assert.LessOrEqual(t, len(proxy.Requests()), harness.RequestsPerRun+forAll+len(f.IDs)*(harness.RequestsPerImage-1))
}

// TestAnEngineRunReadsNoLayer: the engine asks more often, and reads no layer either.
func TestAnEngineRunReadsNoLayer(t *testing.T) {
	t.Parallel()
	f, proxy := harness.FleetWithoutAgents(t, "engine")
	layers, _ := blobs(t, f)
	for _, status := range []string{"built", "skipped_remote_exists"} {
		proxy.Script()
		f.Makes(t, status, "engine")
		require.NotEmpty(t, proxy.Requests())
		for digest := range blobsRead(proxy) {
			assert.False(t, layers[digest], "the layer %s was read", digest)
		}
	}
}

// blobs are the digests of the layers and of the configs of the fleet's official images, builders
// and base images. The agent images have no layers but these.
func blobs(t *testing.T, f harness.Fleet) (layerDigests, configs map[string]bool) {
	t.Helper()
	var references []string
	for _, id := range f.IDs {
		references = append(references, f.Official(id), f.Base(id))
	}
	for _, tag := range harness.Tags(t, f.Prefix+"/builder") {
		references = append(references, f.Registry+"/"+f.Prefix+"/builder:"+tag)
	}
	layerDigests, configs = map[string]bool{}, map[string]bool{}
	for _, img := range harness.Images(t, references) {
		for _, digest := range harness.Layers(t, img) {
			layerDigests[digest] = true
		}
		config, err := img.ConfigName()
		require.NoError(t, err)
		configs[config.String()] = true
	}
	return layerDigests, configs
}

// blobsRead counts the reads of blobs, by their digests.
func blobsRead(proxy *registrytest.Proxy) map[string]int {
	read := map[string]int{}
	for _, request := range proxy.Requests() {
		if _, digest, isBlob := strings.Cut(request.Path, "/blobs/"); isBlob && request.Method == http.MethodGet {
			read[digest]++
		}
	}
	return read
}
