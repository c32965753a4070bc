package run

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

// slow is a registry where a check takes a second, and a publication five: two to build and three
// to push. Failed attempts take as long.
type slow struct {
	*fakeRegistry
	clock *clocktest.Fake
	// unsure lists the references whose first check gets no answer.
	unsure map[string]bool
}

func (s *slow) Find(ctx context.Context, reference string) (plan.Found, error) {
	s.clock.Advance(time.Second)
	if s.unsure[reference] {
		delete(s.unsure, reference)
		return plan.Found{}, errors.New("503 Service Unavailable")
	}
	return s.fakeRegistry.Find(ctx, reference)
}

func (s *slow) Publish(ctx context.Context, image plan.Image) (Published, error) {
	s.clock.Advance(5 * time.Second)
	published, err := s.fakeRegistry.Publish(ctx, image)
	published.Build, published.Push = 2*time.Second, 3*time.Second
	return published, err
}

// slowRun runs a plan of n with one worker, and pauses of a minute.
func slowRun(t *testing.T, n int, registry *slow) *manifest.Result {
	t.Helper()
	registry.clock = clocktest.New()
	runner := Runner{
		Publisher: registry, Registry: registry, MaxWorkers: 1, clock: registry.clock,
		Hosts: &throttle.Hosts{Retry: throttle.Retry{First: time.Minute, Longest: time.Minute}},
	}
	result, err := runner.Run(context.Background(), planOf(n))
	require.NoError(t, err)
	return result
}

func TestTimings(t *testing.T) {
	second := manifest.Seconds(time.Second)
	reset := errors.New("connection reset by peer")
	registry := &slow{fakeRegistry: withBuilder(map[string][]error{"r/agent:i0": {reset}})}
	registry.has["r/agent:i1"] = plan.Found{Digest: "sha256:1"}
	result := slowRun(t, 2, registry)
	pause := manifest.Seconds(registry.clock.Slept[0])
	require.Len(t, registry.clock.Slept, 1)

	t.Run("of an image that was published at the second attempt", func(t *testing.T) {
		image := result.Images[0]
		assert.Equal(t, 1*second, image.RemoteCheckSeconds)
		assert.Equal(t, 3*second, image.QueueSeconds, "while the builder, a base and the other image were asked for")
		assert.Equal(t, 4*second, image.BuildSeconds, "both attempts")
		assert.Equal(t, 6*second, image.PushSeconds)
		assert.Equal(t, (1+5+5+5)*second+pause, image.DurationSeconds, "with its base, for which it asked, and with the pause")
		assert.Equal(t, 2, image.AttemptCount)
	})
	t.Run("of its base", func(t *testing.T) {
		base := result.Bases[0]
		assert.Equal(t, 1*second, base.RemoteCheckSeconds)
		assert.Equal(t, 4*second, base.QueueSeconds)
		assert.Equal(t, 2*second, base.BuildSeconds)
		assert.Equal(t, 3*second, base.PushSeconds)
		assert.Equal(t, 6*second, base.DurationSeconds)
	})
	t.Run("of an image that the registry has", func(t *testing.T) {
		image := result.Images[1]
		assert.Equal(t, 1*second, image.RemoteCheckSeconds)
		assert.Equal(t, 3*second, image.QueueSeconds)
		assert.Equal(t, 1*second, image.DurationSeconds)
		assert.Zero(t, image.BuildSeconds+image.PushSeconds)
	})
}

func TestRetriedChecksCount(t *testing.T) {
	second := manifest.Seconds(time.Second)
	registry := &slow{fakeRegistry: &fakeRegistry{}, unsure: map[string]bool{"r/builder:b": true, "r/agent:i0": true}}
	result := slowRun(t, 1, registry)
	pauses := manifest.Seconds(registry.clock.Slept[0] + registry.clock.Slept[1])

	image := result.Images[0]
	assert.Equal(t, 2, image.AttemptCount)
	assert.Equal(t, 2*second, image.RemoteCheckSeconds, "both questions and not the pause")
	assert.Equal(t, (2+1+5)*second+pauses, image.QueueSeconds, "the builder, a base, and all pauses until then")
	assert.Equal(t, 2, result.Builders[0].AttemptCount)
	assert.Equal(t, 2*second, result.Builders[0].RemoteCheckSeconds)
	assert.Equal(t, 1, result.Bases[0].AttemptCount)
}

func TestAnImageWhoseBaseFailedHasItsAttempts(t *testing.T) {
	refused := errors.New("connection reset by peer")
	registry := withBuilder(map[string][]error{"r/base:i0": refusals(9, refused), "r/base:i1": {errors.New("invalid reference format")}})
	retry := quick
	retry.Attempts = 3
	answers := &slow{fakeRegistry: registry, clock: clocktest.New(), unsure: map[string]bool{"r/agent:i1": true}}
	result, err := Runner{Publisher: registry, Registry: answers, Hosts: &throttle.Hosts{Retry: retry}, MaxWorkers: 1}.Run(context.Background(), planOf(2))
	require.NoError(t, err)
	assert.Equal(t, 3, result.Images[0].AttemptCount)
	assert.Equal(t, 2, result.Images[1].AttemptCount, "but if its check took more, as often as that")
}

func TestDefaults(t *testing.T) {
	runner := Runner{}.withDefaults()
	assert.Equal(t, 2000*time.Second, runner.Timeout)
	assert.Equal(t, 12, runner.MaxWorkers)
}
