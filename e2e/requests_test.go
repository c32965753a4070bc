package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

const (
	// requestsPerImage is what an agent image costs that is made on a base which the registry has:
	// is there the image, is there the base, the base's config, a mount of the layer that no other
	// image has, two for the new config, and the manifest by digest and tag.
	requestsPerImage = 8
	// requestsPerRun is what a run costs beside that: a handshake, two for each repository to know
	// whether it may push there, the builder, and whether the base images' repository answers.
	requestsPerRun = 9
	// requestsPerLayer is what the layers cost that several images have: their mounts, and the
	// agent layer's manifest and config.
	requestsPerLayer = 8
)

// TestRequestsOfADirectRun counts what registries count: requests, and what goes over the wire.
func TestRequestsOfADirectRun(t *testing.T) {
	t.Parallel()
	f, proxy := fleetWithoutAgents(t, "direct")
	layers, configs := f.blobs(t)
	size := len(f.all)

	t.Run("an image on a base that is there costs few requests, and of blobs only configs are read, once each", func(t *testing.T) {
		proxy.Script()
		f.makes(t, "built", "direct")
		for digest, n := range blobsRead(proxy) {
			assert.False(t, layers[digest], "the layer %s was read", digest)
			assert.True(t, configs[digest], "%s is no config", digest)
			assert.Equal(t, 1, n, digest)
		}
		assert.LessOrEqual(t, len(proxy.Requests()), requestsPerRun+requestsPerLayer+size*requestsPerImage)
	})
	t.Run("an image that is there costs one, and nothing is put", func(t *testing.T) {
		proxy.Script()
		f.makes(t, "skipped_remote_exists", "direct")
		for _, id := range f.all {
			assert.Equal(t, 1, proxy.Count("", manifestOf(id)), id)
		}
		assert.Len(t, proxy.Requests(), requestsPerRun+size)
		assert.Zero(t, proxy.Count(http.MethodPut, ""))
		assert.Equal(t, 3, proxy.Count(http.MethodPost, ""), "those that ask whether it may push")
	})
}

// TestAnEngineRunReadsNoLayer: the engine asks more often, and reads no layer either.
func TestAnEngineRunReadsNoLayer(t *testing.T) {
	t.Parallel()
	f, proxy := fleetWithoutAgents(t, "engine")
	layers, _ := f.blobs(t)
	for _, status := range []string{"built", "skipped_remote_exists"} {
		proxy.Script()
		f.makes(t, status, "engine")
		require.NotEmpty(t, proxy.Requests())
		for digest := range blobsRead(proxy) {
			assert.False(t, layers[digest], "the layer %s was read", digest)
		}
	}
}

// fleetWithoutAgents has the builder and the base images of twenty instances in its registry, and
// their agent images no more. The bases are others than the engine made: the layers of those it
// would have anyway, and would not have to read.
func fleetWithoutAgents(t *testing.T, publisher string) (fleet, *registrytest.Proxy) {
	t.Helper()
	f, proxy := faultyFleet(t, 20)
	f.makes(t, "built", publisher)
	for _, id := range f.all {
		remove(t, f.agent(id))
		push(t, f.base(id), labelledLike(t, officialImage(t, f.prefix+id), image(t, f.base(id))))
	}
	return f, proxy
}

// makes runs, and all images must end with this status.
func (f fleet) makes(t *testing.T, status, publisher string) {
	t.Helper()
	ended := statuses(records(t, f.run(t, "--publisher", publisher), "manifest.jsonl"))
	for _, id := range f.all {
		require.Equal(t, status, ended[id], id)
	}
}

// blobs are the digests of the layers and of the configs of the fleet's official images, builders
// and base images. The agent images have no layers but these.
func (f fleet) blobs(t *testing.T) (layerDigests, configs map[string]bool) {
	t.Helper()
	var references []string
	for _, id := range f.all {
		references = append(references, f.official(id), f.base(id))
	}
	for _, tag := range tags(t, f.prefix+"/builder") {
		references = append(references, f.registry+"/"+f.prefix+"/builder:"+tag)
	}
	layerDigests, configs = map[string]bool{}, map[string]bool{}
	for _, img := range images(t, references) {
		for _, digest := range layers(t, img) {
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
