package pipeline

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/dataset"
)

// TestAnOfficialImageThatIsNamedByItsDigestHasNoSecondOne: a dataset's row or a template may name images so.
func TestAnOfficialImageThatIsNamedByItsDigestHasNoSecondOne(t *testing.T) {
	digest := "sha256:" + strings.Repeat("d", 64)
	for name, official := range map[string]string{
		"a digest": "docker.io/o/i@" + digest, "a tag and a digest": "localhost:5000/o/i:v1@" + digest,
	} {
		for kind, runner := range map[string]Runner{
			"asked":     {Official: &fakeRegistry{has: map[string]Found{official: {Digest: digest}}}},
			"not asked": {},
		} {
			t.Run(name+", "+kind, func(t *testing.T) {
				plan := planOf(1)
				plan.Items[0].Instance.OfficialImage = official
				assertOneDigest(t, runner, plan, digest)
			})
			t.Run(name+", pinned, "+kind, func(t *testing.T) {
				plan := planOf(1)
				plan.Items[0].Instance.OfficialImage = official
				pinned, err := runner.Pin(context.Background(), plan)
				require.NoError(t, err)
				assert.Equal(t, digest, pinned.Items[0].OfficialDigest)
				assert.Contains(t, pinned.Table(), official+"\n")
				assertOneDigest(t, runner, pinned, digest)
			})
		}
	}
}

// assertOneDigest runs a plan of one image, and asserts that its official image has its one digest everywhere.
func assertOneDigest(t *testing.T, runner Runner, plan Plan, digest string) {
	t.Helper()
	official := plan.Items[0].Instance.OfficialImage
	registry := &fakeRegistry{}
	runner.Publisher, runner.Registry, runner.Retry = registry, registry, quick
	result, err := runner.Run(context.Background(), plan)
	require.NoError(t, err)
	require.Empty(t, result.Failed())
	require.Len(t, registry.published, 3, "builder, base and agent")
	for _, image := range registry.published[1:] {
		assert.Equal(t, official, image.Official)
		assert.Equal(t, digest, image.Labels()[LabelOfficialDigest])
	}
	labels := registry.published[1].Labels()
	assert.Equal(t, official, labels[LabelBaseName]+"@"+labels[LabelBaseDigest])
	for _, record := range append(result.Images, result.Bases...) {
		assert.EqualValues(t, digest, record.OfficialDigest, record.Name())
	}
}

// TestAnIdentityIsTheSameWhenItIsReadAgain, however the official image is named: a base image that was just made would be
// taken by something else.
func TestAnIdentityIsTheSameWhenItIsReadAgain(t *testing.T) {
	digest := "sha256:" + strings.Repeat("d", 64)
	for _, official := range []string{"o/i", "o/i:v1", "o/i@" + digest, "o/i:v1@" + digest, "localhost/o/i@" + digest, "[::1]:5000/o/i"} {
		identity := Names{}.agentIdentity(dataset.Instance{ID: "a__b-1", OfficialImage: official})
		found := NewFound("sha256:0", identity.Labels())
		assert.NoError(t, identity.Check("r/agent:i", found.Identity), official)
		assert.Equal(t, identity.Official, found.Identity.Official)
	}
}
