package harness

import (
	"math/rand/v2"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/dockerhub"
	"dagger/eval-images/e2e/official"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// Cold is a fleet whose official images are in a stand-in for Docker Hub, and nowhere else.
type Cold struct {
	Fleet
	Hub *dockerhub.Hub
	// HubAddress is the hub's, as the engine reaches it.
	HubAddress string
	Images     map[string]v1.Image
}

// NewCold pushes official images, by their instances, to where a stand-in for Docker Hub has them.
func NewCold(t *testing.T, images map[string]v1.Image) Cold {
	t.Helper()
	var ids []string
	for id := range images {
		ids = append(ids, id)
	}
	c := Cold{Fleet: NewFleet(t, ids...), Hub: new(dockerhub.Hub), Images: images}
	c.HubAddress = StandInHub(t, c.Hub)
	c.Template = c.HubAddress + "/" + c.Prefix + "/official/{instance_id}:latest"
	for id, img := range images {
		Push(t, c.Official(id), img)
	}
	return c
}

// Elsewhere publishes the same official images to empty repositories.
func (c Cold) Elsewhere(t *testing.T) Cold {
	t.Helper()
	template, sdk := c.Template, c.SDK
	c.Fleet = NewFleet(t, c.IDs...)
	c.Template, c.SDK = template, sdk
	return c
}

// MakesBases runs, and returns the records of all base images by their instances.
func (c Cold) MakesBases(t *testing.T, flags ...string) map[string]Record {
	t.Helper()
	by := map[string]Record{}
	for _, base := range Records(t, c.Run(t, flags...), "base-manifest.jsonl") {
		by[base.InstanceID] = base
	}
	return by
}

// Crossing is what has to come from the hub, by digest: each layer once, and the configs.
func (c Cold) Crossing(t *testing.T) map[string]int64 {
	t.Helper()
	sizes := map[string]int64{}
	for _, img := range c.Images {
		manifest, err := img.Manifest()
		require.NoError(t, err)
		sizes[manifest.Config.Digest.String()] = manifest.Config.Size
		for _, layer := range manifest.Layers {
			sizes[layer.Digest.String()] = layer.Size
		}
	}
	return sizes
}

// OfficialSet are official images of two environments, layered as SWE-bench's, on the system of the
// sample's. They are others in every run: the engine knows those of earlier ones.
func OfficialSet(t *testing.T, generation official.Generation) *official.Set {
	t.Helper()
	return &official.Set{
		System:     Image(t, EngineRegistry+"/swebench/sweb.eval.x86_64.django_1776_django-11099:latest"),
		Generation: generation, Zstd: generation == official.Flat, Seed: rand.Int64(), Environments: 2,
		Environment: official.Size{Files: 2000, Bytes: 2 << 20}, Repository: official.Size{Files: 300, Bytes: 64 << 10},
	}
}

// SmallSystem is as much of a system as official images need that nobody runs.
func SmallSystem(t *testing.T) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, registrytest.ArchiveLayer(t,
		registrytest.Entry{Path: "opt/", Mode: 0o755}, registrytest.Entry{Path: "root/", Mode: 0o700}, registrytest.Entry{Path: "tmp/", Mode: 0o1777},
	))
	require.NoError(t, err)
	return img
}

// BehindProxy puts a proxy in front of the registry that the images go to.
func (c *Cold) BehindProxy(t *testing.T) (proxy *registrytest.Proxy) {
	t.Helper()
	c.Registry, proxy = proxied(t, HostRegistry)
	return proxy
}
