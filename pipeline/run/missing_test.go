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

func TestMissing(t *testing.T) {
	registry := &fakeRegistry{
		has: map[string]plan.Found{
			"r/agent:i0": {Digest: "sha256:0"}, "r/agent:i2": {Digest: "sha256:2"}, "r/agent:old-i2": {Digest: "sha256:1"}, "r/agent:new-i2": {Digest: "sha256:2"},
		},
		findErr: map[string]error{"r/agent:i3": errors.New("401 Unauthorized")},
	}
	plan := planOf(3)
	plan.Items[2].Tags = []string{"r/agent:nightly-i2", "r/agent:old-i2", "r/agent:new-i2"}
	runner := Runner{Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}

	missing, err := runner.Missing(context.Background(), plan)
	require.NoError(t, err)
	assert.Equal(t, []Lack{{Reference: "r/agent:i1"}, {Reference: "r/agent:nightly-i2"}, {Reference: "r/agent:old-i2"}}, missing)
	assert.Empty(t, registry.published)

	t.Run("of what the registry does not say is not missing, and hides nothing that is", func(t *testing.T) {
		registry.findErr["r/agent:new-i2"] = errors.New("401 Unauthorized")
		registry.findErr["r/agent:old-i2"] = errors.New("invalid reference format")
		plan := planOf(4)
		plan.Items[2].Tags = []string{"r/agent:new-i2", "r/agent:nightly-i2", "r/agent:old-i2"}
		plan.Items[3].Tags = []string{"r/agent:nightly-i3"}
		missing, err := runner.Missing(context.Background(), plan)
		assert.Equal(t, []Lack{{Reference: "r/agent:i1"}, {Reference: "r/agent:nightly-i2"}}, missing)
		require.ErrorContains(t, err, "i3: asking the registry for r/agent:i3: 401 Unauthorized")
		require.ErrorContains(t, err, "i2: asking the registry for r/agent:new-i2: 401 Unauthorized")
		require.ErrorContains(t, err, "asking the registry for r/agent:old-i2: invalid reference format", "each is named")
	})
}
