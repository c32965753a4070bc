package harness

import (
	"fmt"
	"hash/fnv"
	"math/rand"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// layerSize of the official images' layers in bytes: what is tested is their number, not their
// weight.
const layerSize = 4 << 10

// OfficialImage is an official image of a fleet: a layer that all have in common and one of its
// own, the same in every run.
func OfficialImage(t *testing.T, id string) v1.Image {
	t.Helper()
	var below []v1.Layer
	for _, of := range []string{"all", id} {
		below = append(below, RandomLayer(t, of))
	}
	img, err := mutate.AppendLayers(empty.Image, below...)
	require.NoError(t, err)
	return registrytest.Configured(t, img, func(config *v1.ConfigFile) {
		config.OS, config.Architecture = "linux", "amd64"
		config.Config.User = "nobody"
		config.Config.Env = []string{"PATH=/usr/bin:/bin", "INSTANCE=" + id}
		config.Config.WorkingDir = "/testbed"
	})
}

// RandomLayer is a layer of random data, the same for the same name.
func RandomLayer(t *testing.T, name string) v1.Layer {
	t.Helper()
	layer, err := random.Layer(layerSize, types.DockerLayer, random.WithSource(rand.NewSource(seedOf(name))))
	require.NoError(t, err)
	return layer
}

func seedOf(text string) int64 {
	hash := fnv.New64a()
	hash.Write([]byte(text)) // A hash never fails to write.
	return int64(hash.Sum64())
}

// LabelledLike is an image with the labels and annotations of another one.
func LabelledLike(t *testing.T, img, like v1.Image) v1.Image {
	t.Helper()
	config, err := like.ConfigFile()
	require.NoError(t, err)
	manifest, err := like.Manifest()
	require.NoError(t, err)
	img = registrytest.Configured(t, img, func(of *v1.ConfigFile) { of.Config.Labels = config.Config.Labels })
	return mutate.Annotations(img, manifest.Annotations).(v1.Image)
}

// DebianWith is Debian with one more file.
func DebianWith(t *testing.T, path string, mode int64, text string) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(Image(t, EngineRegistry+"/library/debian:bookworm"), FileLayer(t, path, mode, text))
	require.NoError(t, err)
	return img
}

// WithPythons is Debian with this as SWE-bench's base Python and as the Python of its environment,
// and a user of its own.
func WithPythons(t *testing.T, script string) v1.Image {
	t.Helper()
	img := DebianWith(t, "opt/miniconda3/bin/python", 0o755, script)
	img, err := mutate.AppendLayers(img, FileLayer(t, "opt/miniconda3/envs/testbed/bin/python", 0o755, script))
	require.NoError(t, err)
	return registrytest.Configured(t, img, func(config *v1.ConfigFile) { config.Config.User = "nobody" })
}

// FileLayer is a layer of one file.
func FileLayer(t *testing.T, path string, mode int64, text string) v1.Layer {
	t.Helper()
	return registrytest.ArchiveLayer(t, registrytest.Entry{Path: path, Mode: mode, Text: text})
}

// OnEnvironment is an official image of an environment's layer and a layer of an instance, with the
// step that made the latter.
func OnEnvironment(t *testing.T, environment int, id, step string) v1.Image {
	t.Helper()
	name := fmt.Sprintf("environment-%d", environment)
	img, err := mutate.Append(empty.Image,
		mutate.Addendum{Layer: RandomLayer(t, name), History: v1.History{CreatedBy: "RUN /bin/sh -c /root/setup_env.sh # buildkit"}},
		mutate.Addendum{Layer: RandomLayer(t, id), History: v1.History{CreatedBy: step}},
	)
	require.NoError(t, err)
	return registrytest.Configured(t, img, func(config *v1.ConfigFile) {
		config.OS, config.Architecture = "linux", "amd64"
		config.Config.Env = []string{"ENVIRONMENT=" + name}
		config.Config.Labels = map[string]string{"own": id}
	})
}

// Copied is the step of a history that copied an instance's own files to a place that no recipe has
// to do with.
const Copied = "COPY repo /testbed # buildkit"
