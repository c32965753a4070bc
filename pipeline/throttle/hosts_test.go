package throttle

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
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
	_, err := Retry{}.Do(context.Background(), target, "base", func(context.Context) error {
		tries++
		assert.LessOrEqual(t, target.all.At("quay.io").closedFor(), time.Duration(0), "its pause is over")
		if tries <= 3 {
			return limit
		}
		return nil
	})
	require.NoError(t, err)
	assert.Len(t, clock.Slept, 3)
	assert.LessOrEqual(t, target.until, clock.Now().Add(-time.Hour), "the target had none")
	for _, host := range []string{"quay.io", target.host} {
		assert.Zero(t, target.all.At(host).working, "the places are free")
	}
}

// TestAnAttemptKeepsNobodyFromOneHostWhileItWaitsForAnother: it holds a place at neither.
func TestAnAttemptKeepsNobodyFromOneHostWhileItWaitsForAnother(t *testing.T) {
	for what, hold := range map[string]func(t *testing.T, hub *Host){
		"a limit":   func(_ *testing.T, hub *Host) { hub.pause("base", hub.clock.Now(), time.Hour) },
		"an outage": func(t *testing.T, hub *Host) { opens(t, hub, hub.work) },
	} {
		t.Run(what, func(t *testing.T) {
			clock := clocktest.New()
			all := NewHosts(clock, 1)
			all.Own = func(host string) bool { return host == "ghcr.io" }
			resting := 0
			all.Rest = func() (back func()) {
				resting++
				return func() { resting-- }
			}
			target, hub := all.At("ghcr.io"), all.At(reference.DockerHub)
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
			_, err := Retry{}.Do(context.Background(), target, "base", func(context.Context) error {
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
	all := NewHosts(clocktest.New(), 12)
	target, hub := all.At("ghcr.io"), all.At(reference.DockerHub)
	tries := func(err error) {
		_, _ = Retry{Attempts: 1, LimitWaits: -1}.Do(context.Background(), target, "base", func(context.Context) error { return err }, hub)
	}
	opens(t, target, target.work)
	tries(hubSays("503 Service Unavailable"))
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
