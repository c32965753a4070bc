package run

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

// TestAnOfficialImageKeepsTheDigestInItsName: a dataset's row or a template may name images by
// digest.
func TestAnOfficialImageKeepsTheDigestInItsName(t *testing.T) {
	digest := "sha256:" + strings.Repeat("d", 64)
	for name, official := range map[string]string{
		"a digest": "docker.io/o/i@" + digest, "a tag and a digest": "localhost:5000/o/i:v1@" + digest,
	} {
		for kind, runner := range map[string]Runner{
			"asked":     {Official: &fakeRegistry{has: map[string]plan.Found{official: {Digest: digest}}}},
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

// assertOneDigest runs a plan of one image, and asserts that its official image has one digest
// everywhere.
func assertOneDigest(t *testing.T, runner Runner, planned plan.Plan, digest string) {
	t.Helper()
	official := planned.Items[0].Instance.OfficialImage
	registry := &fakeRegistry{}
	runner.Publisher, runner.Registry, runner.Hosts = registry, registry, &throttle.Hosts{Retry: quick}
	result, err := runner.Run(context.Background(), planned)
	require.NoError(t, err)
	require.Empty(t, result.Failed())
	require.Len(t, registry.published, 3, "builder, base and agent")
	for _, image := range registry.published[1:] {
		assert.Equal(t, official, image.Official)
		assert.Equal(t, digest, image.Labels()[plan.LabelOfficialDigest])
	}
	labels := registry.published[1].Labels()
	assert.Equal(t, official, labels[plan.LabelBaseName]+"@"+labels[plan.LabelBaseDigest])
	for _, record := range append(result.Images, result.Bases...) {
		assert.EqualValues(t, digest, record.OfficialDigest, record.Name())
	}
}
