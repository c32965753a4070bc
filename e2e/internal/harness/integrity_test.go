package harness

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestWhatIsBrokenIsFound: what the tests of crashes rely on. Each image is good but for one thing.
func TestWhatIsBrokenIsFound(t *testing.T) {
	t.Parallel()
	const one, two = "fleet__task-001", "fleet__task-002"
	tests := map[string]struct {
		breaks func(t *testing.T, f Fleet)
		says   string // Empty: nothing is broken.
	}{
		"nothing": {func(*testing.T, Fleet) {}, ""},
		"a layer is lost": {func(t *testing.T, f Fleet) {
			all := Layers(t, Image(t, f.Agent(one)))
			DeleteBlob(t, Reference(t, f.Agent(one)).Context().Digest(all[1]))
		}, "looking for its layer"},
		"the config is lost": {func(t *testing.T, f Fleet) {
			config, err := Image(t, f.Base(one)).ConfigName()
			require.NoError(t, err)
			DeleteBlob(t, Reference(t, f.Base(one)).Context().Digest(config.String()))
		}, "reading its config"},
		"the base image is lost": {func(t *testing.T, f Fleet) { Remove(t, f.Base(one)) }, "reading what it stands on"},
		"an agent's tag names another one's image": {func(t *testing.T, f Fleet) {
			CopyImage(t, f.Agent(two), f.Agent(one))
		}, "it stands on "},
		"a base image's tag names another one's image": {func(t *testing.T, f Fleet) {
			CopyImage(t, f.Base(two), f.Base(one))
		}, "it stands on "},
		"the agent layer is missing": {func(t *testing.T, f Fleet) {
			Push(t, f.Agent(one), f.labelled(t, Image(t, f.Base(one)), f.Base(one), one))
		}, "it has 0 layers on its base image"},
		"the agent layer is another": {func(t *testing.T, f Fleet) {
			Push(t, f.Agent(one), f.labelled(t, f.over(t, f.Base(one), "another"), f.Base(one), one))
		}, "its agent layer is "},
		"the base image's layers are not below": {func(t *testing.T, f Fleet) {
			Push(t, f.Agent(one), f.labelled(t, f.over(t, f.Base(two), "agent"), f.Base(one), one))
		}, "its lowest layers are not"},
		"a label is missing": {func(t *testing.T, f Fleet) {
			Push(t, f.Agent(one), f.over(t, f.Base(one), "agent"))
		}, "base.name"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := NewFleet(t, one, two)
			for _, id := range f.IDs {
				Push(t, f.Official(id), OfficialImage(t, id))
				Push(t, f.Base(id), f.labelled(t, f.over(t, f.Official(id), "recipe"), f.Official(id), id))
				Push(t, f.Agent(id), f.labelled(t, f.over(t, f.Base(id), "agent"), f.Base(id), id))
			}
			test.breaks(t, f)
			broken := f.Broken(t)
			if test.says == "" {
				assert.Empty(t, broken)
				return
			}
			require.NotEmpty(t, broken)
			assert.Contains(t, broken[0], test.says)
		})
	}
}

// over is an image of the registry with one more layer, and without labels.
func (f Fleet) over(t *testing.T, reference, layer string) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(Image(t, reference), RandomLayer(t, layer))
	require.NoError(t, err)
	img = registrytest.Configured(t, img, func(config *v1.ConfigFile) { config.Config.Labels = nil })
	return mutate.Annotations(img, map[string]string{labelBaseName: ""}).(v1.Image)
}

// labelled says of an image, as the module does, that it stands on this one of the registry.
func (f Fleet) labelled(t *testing.T, img v1.Image, on, id string) v1.Image {
	t.Helper()
	labels := map[string]string{
		labelBaseName: on, labelBaseDigest: Digest(t, on), labelRevision: f.SHA, labelOfficialDigest: Digest(t, f.Official(id)),
	}
	img = registrytest.Configured(t, img, func(config *v1.ConfigFile) { config.Config.Labels = labels })
	return mutate.Annotations(img, labels).(v1.Image)
}
