package registrytest

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"
)

// Official is an official image: a layer of its environment, and one of its own that this step
// made.
func Official(t *testing.T, environment, own, step string, change func(*v1.ConfigFile)) v1.Image {
	t.Helper()
	img, err := mutate.Append(empty.Image,
		mutate.Addendum{Layer: Layer(t, environment, types.DockerLayer), History: v1.History{CreatedBy: "RUN setup"}},
		mutate.Addendum{History: v1.History{CreatedBy: "ENV a=b", EmptyLayer: true}},
		mutate.Addendum{Layer: Layer(t, own, types.DockerLayer), History: v1.History{CreatedBy: step}},
	)
	require.NoError(t, err)
	return Configured(t, img, func(config *v1.ConfigFile) {
		config.OS, config.Architecture = "linux", "amd64"
		config.Config.Env = []string{"A=b"}
		config.Config.Labels = map[string]string{"own": own}
		if change != nil {
			change(config)
		}
	})
}

// Configured is an image with a changed config.
func Configured(t *testing.T, img v1.Image, change func(*v1.ConfigFile)) v1.Image {
	t.Helper()
	config, err := img.ConfigFile()
	require.NoError(t, err)
	config = config.DeepCopy()
	change(config)
	img, err = mutate.ConfigFile(img, config)
	require.NoError(t, err)
	return img
}

// Built is what a recipe makes of an official image.
func Built(t *testing.T, on v1.Image) v1.Image {
	t.Helper()
	img, err := mutate.Append(on, mutate.Addendum{Layer: Layer(t, "recipe", types.DockerLayer), History: v1.History{CreatedBy: "RUN apt-get"}})
	require.NoError(t, err)
	return Configured(t, img, func(config *v1.ConfigFile) {
		config.Config.User = "agent"
		config.Config.Env = append(config.Config.Env, "TOOLS=/opt")
		config.Config.Labels["recipe"] = "yes"
		config.Config.Labels["base"] = "the other's"
	})
}
