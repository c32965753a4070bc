package run

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

func TestPin(t *testing.T) {
	registry := &fakeRegistry{
		has:     map[string]plan.Found{"official/i0": {Digest: "sha256:o0"}, "official/i1": {Digest: "sha256:o1"}},
		findErr: map[string]error{"official/i3": errors.New("503 Service Unavailable")},
	}
	runner := Runner{Official: registry, Hosts: &throttle.Hosts{Retry: quick}}

	plan, err := runner.Pin(context.Background(), planOf(2))
	require.NoError(t, err)
	assert.Equal(t, "sha256:o0", plan.Items[0].OfficialDigest)
	assert.Contains(t, plan.Table(), "official/i1@sha256:o1")

	_, err = runner.Pin(context.Background(), planOf(4))
	require.ErrorContains(t, err, "i2: there is no official image official/i2")
	require.ErrorContains(t, err, "i3: asking the registry for official/i3: 503", "which may be there all the same")

	t.Run("a run of a pinned plan does not ask again", func(t *testing.T) {
		registry.asked = nil
		_, err := Runner{Publisher: registry, Registry: registry, Official: registry, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1}.Run(context.Background(), plan)
		require.NoError(t, err)
		assert.NotContains(t, registry.asked, "official/i0")
		assert.Equal(t, "official/i0@sha256:o0", registry.published[1].Official)
	})
}
