package e2e

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestFleetAssembling: images that fail after their base images are made. One is refused always, one has to be tried twice.
func TestFleetAssembling(t *testing.T) {
	t.Parallel()
	const size, refused, twice = 20, 7, 11
	f, proxy := faultyFleet(t, size)
	proxy.Script(
		registrytest.Rule{Method: http.MethodPut, Path: manifestOf(task(refused)), Fault: registrytest.Answer(http.StatusBadRequest, "")},
		registrytest.Rule{Method: http.MethodPut, Path: manifestOf(task(twice)), Times: 1, Fault: registrytest.Answer(http.StatusBadGateway, "")},
	)

	dir := f.run(t)
	agents, bases := records(t, dir, "manifest.jsonl"), records(t, dir, "base-manifest.jsonl")

	require.Len(t, agents, size)
	require.Len(t, bases, size)
	for i, agent := range agents {
		want, attempts := "built", 1
		switch i + 1 {
		case refused:
			want = "failed"
			require.NotNil(t, agent.Error)
			assert.Contains(t, *agent.Error, "assemble "+task(refused)+": ")
			assert.Contains(t, *agent.Error, f.agent(task(refused)))
			assert.Empty(t, agent.Tags)
			attempts = agent.AttemptCount
		case twice:
			attempts = 2
		}
		assert.Equal(t, want, agent.Status, agent.InstanceID)
		assert.Equal(t, attempts, agent.AttemptCount, agent.InstanceID)
		assert.Equal(t, "built", bases[i].Status, "its base image is made all the same")
		assert.Equal(t, bases[i].Digest, agent.BaseDigest)
	}
	assert.Len(t, f.agents(t), size-1)
	for _, made := range slices.Concat(agents, bases) {
		assertTimes(t, made)
	}
}

// assertTimes: a record tells where the time went, and no part took longer than the whole.
func assertTimes(t *testing.T, made record) {
	t.Helper()
	parts := map[string]*float64{"queue": made.Queue, "remote check": made.RemoteCheck, "build": made.Build, "push": made.Push}
	for name, part := range parts {
		require.NotNil(t, part, "%s of %s", name, made.InstanceID)
		assert.GreaterOrEqual(t, *part, 0.0, "%s of %s", name, made.InstanceID)
	}
	if made.Status == "built" {
		assert.Positive(t, *made.Push, "%s was published", made.InstanceID)
		assert.Positive(t, *made.RemoteCheck, "%s was looked for", made.InstanceID)
	}
	require.NotNil(t, made.Duration)
	assert.LessOrEqual(t, *made.Build+*made.Push, *made.Duration+0.01, made.InstanceID)
}
