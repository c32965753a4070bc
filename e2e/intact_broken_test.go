package e2e

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWhatIsBrokenIsFound: what the tests of crashes rely on. Each image is good but for one thing.
func TestWhatIsBrokenIsFound(t *testing.T) {
	t.Parallel()
	const one, two = "fleet__task-001", "fleet__task-002"
	tests := map[string]struct {
		breaks func(t *testing.T, f fleet)
		says   string // Empty: nothing is broken.
	}{
		"nothing": {func(*testing.T, fleet) {}, ""},
		"a layer is lost": {func(t *testing.T, f fleet) {
			all := layers(t, image(t, f.agent(one)))
			deleteBlob(t, reference(t, f.agent(one)).Context().Digest(all[1]))
		}, "looking for its layer"},
		"the config is lost": {func(t *testing.T, f fleet) {
			config, err := image(t, f.base(one)).ConfigName()
			require.NoError(t, err)
			deleteBlob(t, reference(t, f.base(one)).Context().Digest(config.String()))
		}, "reading its config"},
		"the base image is lost": {func(t *testing.T, f fleet) { remove(t, f.base(one)) }, "reading what it stands on"},
		"an agent's tag names another one's image": {func(t *testing.T, f fleet) {
			copyImage(t, f.agent(two), f.agent(one))
		}, "it stands on "},
		"a base image's tag names another one's image": {func(t *testing.T, f fleet) {
			copyImage(t, f.base(two), f.base(one))
		}, "it stands on "},
		"the agent layer is missing": {func(t *testing.T, f fleet) {
			push(t, f.agent(one), f.labelled(t, image(t, f.base(one)), f.base(one), one))
		}, "it has 0 layers on its base image"},
		"the agent layer is another": {func(t *testing.T, f fleet) {
			push(t, f.agent(one), f.labelled(t, f.over(t, f.base(one), "another"), f.base(one), one))
		}, "its agent layer is "},
		"the base image's layers are not below": {func(t *testing.T, f fleet) {
			push(t, f.agent(one), f.labelled(t, f.over(t, f.base(two), "agent"), f.base(one), one))
		}, "its lowest layers are not"},
		"a label is missing": {func(t *testing.T, f fleet) {
			push(t, f.agent(one), f.over(t, f.base(one), "agent"))
		}, "base.name"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fleetOf(t, one, two)
			for _, id := range f.all {
				push(t, f.official(id), officialImage(t, id))
				push(t, f.base(id), f.labelled(t, f.over(t, f.official(id), "recipe"), f.official(id), id))
				push(t, f.agent(id), f.labelled(t, f.over(t, f.base(id), "agent"), f.base(id), id))
			}
			test.breaks(t, f)
			broken := f.broken(t)
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
func (f fleet) over(t *testing.T, reference, layer string) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(image(t, reference), randomLayer(t, layer))
	require.NoError(t, err)
	img = configured(t, img, func(config *v1.ConfigFile) { config.Config.Labels = nil })
	return mutate.Annotations(img, map[string]string{labelBaseName: ""}).(v1.Image)
}

// labelled says of an image, as the module does, that it stands on this one of the registry.
func (f fleet) labelled(t *testing.T, img v1.Image, on, id string) v1.Image {
	t.Helper()
	labels := map[string]string{
		labelBaseName: on, labelBaseDigest: digest(t, on), labelRevision: f.sha, labelOfficialDigest: digest(t, f.official(id)),
	}
	img = configured(t, img, func(config *v1.ConfigFile) { config.Config.Labels = labels })
	return mutate.Annotations(img, labels).(v1.Image)
}
