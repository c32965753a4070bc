package throttle

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/classify/classifytest"
	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/reference"
)

// TestAHostThatNobodyKnewOf: a Dockerfile may need images of other registries, which the plan does
// not name.
func TestAHostThatNobodyKnewOf(t *testing.T) {
	limit := errors.New("building: unexpected status from HEAD request to https://quay.io/v2/p/python/manifests/3: 429 Too Many Requests")
	clock := clocktest.New()
	target := newThrottle(clock, 12)
	tries := 0
	_, err := target.do(context.Background(), "base", func(context.Context) error {
		tries++
		assert.LessOrEqual(t, target.all.at("quay.io").closedFor(), time.Duration(0), "its pause is over")
		if tries <= 3 {
			return limit
		}
		return nil
	})
	require.NoError(t, err)
	assert.Len(t, clock.Slept, 3)
	assert.LessOrEqual(t, target.until, clock.Now().Add(-time.Hour), "the target had none")
	for _, host := range []string{"quay.io", target.host} {
		assert.Zero(t, target.all.at(host).working, "the places are free")
	}
}

// TestAnAttemptKeepsNobodyFromOneHostWhileItWaitsForAnother: it holds a place at neither.
func TestAnAttemptKeepsNobodyFromOneHostWhileItWaitsForAnother(t *testing.T) {
	for what, hold := range map[string]func(t *testing.T, hub *hostThrottle){
		"a limit":   func(_ *testing.T, hub *hostThrottle) { hub.pause("base", hub.clock.Now(), time.Hour) },
		"an outage": func(t *testing.T, hub *hostThrottle) { opens(t, hub, hub.work) },
	} {
		t.Run(what, func(t *testing.T) {
			clock := clocktest.New()
			all, resting := new(Hosts), 0
			all.Start(clock, 1, func(host string) bool { return host == "ghcr.io" }, func() (back func()) {
				resting++
				return func() { resting-- }
			})
			target, hub := all.at("ghcr.io"), all.at(reference.DockerHub)
			hold(t, hub)
			slept := false
			clock.OnSleep = func() {
				slept = true
				assert.Zero(t, target.working)
				assert.Equal(t, 1, resting, "a worker's place is free")
				pass := target.tryBegin(false)
				require.NotNil(t, pass, "somebody else begins")
				target.leave(&target.working)
				target.work.abandon(pass)
			}
			_, err := target.do(context.Background(), "base", func(context.Context) error {
				assert.Zero(t, resting)
				assert.Equal(t, 1, target.working)
				assert.Equal(t, 1, hub.working)
				return nil
			}, hub)
			require.NoError(t, err)
			assert.True(t, slept)
			assert.Zero(t, target.working+hub.working)
			assert.False(t, hub.work.open)
		})
	}
}

// TestAProbeWhoseAttemptMeetsAnotherHostsTrouble says nothing of its own host: somebody else
// becomes the probe.
func TestAProbeWhoseAttemptMeetsAnotherHostsTrouble(t *testing.T) {
	all := newHosts(clocktest.New(), 12, once)
	target, hub := all.at("ghcr.io"), all.at(reference.DockerHub)
	tries := func(err error) {
		_, _ = target.do(context.Background(), "base", func(context.Context) error { return err }, hub)
	}
	opens(t, target, target.work)
	tries(classifytest.HubSays("503 Service Unavailable"))
	assert.True(t, target.work.open, "it was not reached")
	assert.Nil(t, target.work.probe)
	tries(errors.New("building: invalid reference format"))
	assert.True(t, target.work.open)
	tries(&classify.PushError{Reference: "ghcr.io/base:t", Err: errors.New("400 Bad Request")})
	assert.False(t, target.work.open, "it was, and answered")

	opens(t, hub, hub.work)
	tries(&classify.PushError{Reference: "ghcr.io/base:t", Err: errors.New("503 Service Unavailable")})
	assert.False(t, hub.work.open, "what is pushed was pulled before")
}

// TestANewRunKnowsNothingOfTheLast: neither that a host was given up, nor that it had a limit.
func TestANewRunKnowsNothingOfTheLast(t *testing.T) {
	clock := clocktest.New()
	all := newHosts(clock, 12, Retry{})
	all.GiveUp("ghcr.io", errors.New("it is away"))
	all.at("quay.io").pause("base", clock.Now(), time.Hour)
	all.Start(clock, 12, nil, nil)
	require.NoError(t, all.at("ghcr.io").alive.Err())
	require.NoError(t, all.Send(inAttempt(), "quay.io", "GET", func() error { return nil }))
	assert.Empty(t, clock.Slept)
}
