package faults

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
)

// TestFleetAssembling: images that fail after their base images are made. One is refused always,
// one has to be tried twice: a request is sent three times in one attempt.
func TestFleetAssembling(t *testing.T) {
	t.Parallel()
	const size, refused, twice = 20, 7, 11
	f, proxy := harness.FaultyFleet(t, size)
	proxy.Script(
		registrytest.Rule{Method: http.MethodPut, Path: harness.ManifestOf(harness.Task(refused)), Fault: registrytest.Answer(http.StatusBadRequest, "")},
		registrytest.Rule{Method: http.MethodPut, Path: harness.ManifestOf(harness.Task(twice)), Times: 3, Fault: registrytest.Answer(http.StatusBadGateway, "")},
	)

	dir := f.Run(t)
	agents, bases := harness.Records(t, dir, "manifest.jsonl"), harness.Records(t, dir, "base-manifest.jsonl")

	require.Len(t, agents, size)
	require.Len(t, bases, size)
	for i, agent := range agents {
		want, attempts := "built", 1
		switch i + 1 {
		case refused:
			want = "failed"
			require.NotNil(t, agent.Error)
			assert.Contains(t, *agent.Error, "assemble "+harness.Task(refused)+": ")
			assert.Contains(t, *agent.Error, f.Agent(harness.Task(refused)))
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
	assert.Len(t, f.Agents(t), size-1)
	for _, made := range slices.Concat(agents, bases) {
		assertTimes(t, made)
	}
}

// requestsOnABadDay is what an image costs at most, its base image and what is sent again included.
const requestsOnABadDay = 30

// TestAFleetOnABadDay: forty images, and a registry that limits, breaks, cuts, forgets to
// answer and refuses, each on some of them. All that can be pushed is pushed, the manifest is what
// the registry has, and the call says what is left.
func TestAFleetOnABadDay(t *testing.T) {
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		const size, refused, unknown = 40, 17, 31
		f, proxy := harness.FaultyFleet(t, size)
		always := []registrytest.Rule{
			{Method: http.MethodPut, Path: harness.ManifestOf(harness.Task(refused)), Fault: registrytest.Answer(http.StatusBadRequest, "")},
			{Method: http.MethodGet, Path: harness.ManifestOf(harness.Task(unknown)), Fault: registrytest.Answer(http.StatusInternalServerError, "")},
			{Method: http.MethodHead, Path: harness.ManifestOf(harness.Task(unknown)), Fault: registrytest.Answer(http.StatusInternalServerError, "")},
		}
		script := slices.Clone(always)
		for number, fault := range map[int]registrytest.Fault{
			21: registrytest.Answer(http.StatusInternalServerError, ""), 22: registrytest.Page(http.StatusBadGateway),
			23: registrytest.Answer(http.StatusServiceUnavailable, ""), 24: registrytest.Page(http.StatusGatewayTimeout),
			25: registrytest.Cut(100), 26: registrytest.Lost(), 27: registrytest.Answer(http.StatusForbidden, `{"message":"You have exceeded a secondary rate limit. retry-after: 1s"}`),
		} {
			script = append(script, registrytest.Rule{Method: http.MethodPut, Path: harness.ManifestOf(harness.Task(number)), Times: 1, Fault: fault})
		}
		// Six times, because so often the engine asks again by itself and at once.
		limit := registrytest.Answer(http.StatusTooManyRequests, "", "Retry-After", "1")
		script = append(script, registrytest.Rule{Method: http.MethodPut, Path: harness.ManifestOf(harness.Task(28)), Times: 6, Fault: limit})
		proxy.Script(script...)

		agents := harness.Records(t, f.Run(t, "--publisher", publisher), "manifest.jsonl")

		want := map[string]string{}
		for _, id := range f.IDs {
			want[id] = "built"
		}
		want[harness.Task(refused)], want[harness.Task(unknown)] = "failed", "failed"
		assert.Equal(t, want, harness.Statuses(agents))
		for number, says := range map[int]string{refused: "400 Bad Request", unknown: "asking the registry for " + f.Agent(harness.Task(unknown))} {
			require.NotNil(t, agents[number-1].Error)
			assert.Contains(t, *agents[number-1].Error, says)
		}
		published := f.Published(t)
		for _, agent := range agents {
			assert.LessOrEqual(t, agent.AttemptCount, 7, "%s: two, and the waits for a limit", agent.InstanceID)
			assert.Equal(t, agent.Digest, published[f.Agent(agent.InstanceID)], agent.InstanceID)
		}
		assert.Len(t, f.Agents(t), size-2)
		assert.Zero(t, proxy.Count(http.MethodPut, harness.ManifestOf(harness.Task(unknown))), "what may be there is not made")
		assert.LessOrEqual(t, len(proxy.Requests()), size*requestsOnABadDay)
		t.Logf("%d requests", len(proxy.Requests()))

		proxy.Script(always...)
		message := f.Call(t, "assemble-all", "--publish", "--publisher", publisher, "--max-attempts", "1", "total").Message(t)
		assert.Contains(t, message, "2 of 40 agent images failed")
		assert.Equal(t, harness.Tasks(refused, unknown), harness.Listed(message))
		assert.Equal(t, published, f.Published(t), "nothing was made again")
	})
}

// assertTimes: a record tells where the time went, and no part took longer than the whole.
func assertTimes(t *testing.T, made harness.Record) {
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
