package run

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

// oneKey gives all official images one key, and signals when all have asked.
type oneKey struct {
	left atomic.Int32
	all  chan struct{}
}

func newOneKey(images int) *oneKey {
	c := &oneKey{all: make(chan struct{})}
	c.left.Store(int32(images))
	return c
}

func (c *oneKey) RebaseKey(context.Context, plan.Image) (key, refused string, err error) {
	if c.left.Add(-1) == 0 {
		close(c.all)
	}
	return "a", "", nil
}

// The recipe takes 0.6 of the timeout, and fails for the first image. All others wait for it twice,
// which exceeds the timeout.
func TestTheTimeoutExcludesWaitsForAnotherImagesRecipe(t *testing.T) {
	const images, timeout = 40, 1000 * time.Second
	registry, clock, sharing := &fakeRegistry{}, clocktest.New(), newOneKey(images)
	var recipes atomic.Int32
	registry.onPublish = func(ctx context.Context, image plan.Image) error {
		if image.Phase != plan.PhaseBase || image.Rebase != nil {
			return nil
		}
		<-sharing.all
		clock.AwaitTimers(1) // All others wait by now, and their clocks stand still.
		clock.Advance(timeout * 6 / 10)
		if recipes.Add(1) == 1 {
			return errors.New("exit code: 1")
		}
		return nil
	}
	runner := Runner{Publisher: registry, Registry: registry, Sharing: sharing, Timeout: timeout, clock: clock}

	result, err := runner.Run(context.Background(), planOf(images))

	require.NoError(t, err)
	assert.Equal(t, images-1, result.Count(manifest.StatusBuilt), "only the image whose recipe failed is lost")
	assert.EqualValues(t, 2, recipes.Load())
}

// A hanging recipe costs the image that runs it its timeout. Waiting images wait for at most two of
// those.
func TestAHangingRecipeDelaysOthersByAtMostItsTimeout(t *testing.T) {
	const images, timeout = 12, 1000 * time.Second
	registry, clock, sharing := &fakeRegistry{}, clocktest.New(), newOneKey(images)
	started := clock.Now()
	registry.onPublish = func(ctx context.Context, image plan.Image) error {
		if image.Phase != plan.PhaseBase {
			return nil
		}
		<-sharing.all
		clock.Advance(timeout)
		<-ctx.Done()
		return context.Cause(ctx)
	}
	runner := Runner{Publisher: registry, Registry: registry, Sharing: sharing, Timeout: timeout, clock: clock}

	result, err := runner.Run(context.Background(), planOf(images))

	require.NoError(t, err)
	assert.Equal(t, images, result.Count(manifest.StatusFailed))
	assert.LessOrEqual(t, clock.Now().Sub(started), images*timeout)
	for _, record := range result.Bases {
		assert.Contains(t, record.Error, "took longer than")
	}
}

func TestTheTimeoutExcludesWaitsForTheRegistry(t *testing.T) {
	limit := asksFor(15 * time.Minute)
	for name, troubles := range map[string][]error{
		"three limits of 15 minutes":          {limit, limit, limit},
		"a limit before and after a failure":  {limit, limit, errors.New("connection reset by peer"), limit},
		"a limit that says nothing, 6 times":  refusals(6, errors.New("429 Too Many Requests")),
		"and limits of all kinds of requests": {limit, errors.New("429 Too Many Requests"), limit, limit},
	} {
		t.Run(name, func(t *testing.T) {
			registry, clock := withBases(1, map[string][]error{"r/agent:i0": troubles}), clocktest.New()
			runner := Runner{Publisher: registry, Registry: registry, clock: clock, Timeout: 5 * time.Minute}
			result, err := runner.Run(context.Background(), planOf(1))
			require.NoError(t, err)
			assert.Equal(t, []manifest.Status{manifest.StatusBuilt}, statuses(result.Images))
			var slept time.Duration
			for _, d := range clock.Slept {
				slept += d
			}
			assert.Greater(t, slept, runner.Timeout)
		})
	}
	t.Run("nor is it that of a request", func(t *testing.T) {
		registry, clock, hosts := withBases(1, nil), clocktest.New(), new(throttle.Hosts)
		troubles := []error{limit, limit, limit}
		registry.onPublish = func(ctx context.Context, image plan.Image) error {
			return hosts.Send(ctx, "r", "PUT", func() error {
				if len(troubles) == 0 {
					return nil
				}
				err := troubles[0]
				troubles = troubles[1:]
				return err
			})
		}
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: hosts, clock: clock}.Run(context.Background(), planOf(1))
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusBuilt}, statuses(result.Images))
	})
}

// The pauses between attempts count as the image's own time.
func TestTheTimeoutIncludesTheImagesOwnPauses(t *testing.T) {
	registry, clock := withBases(1, nil), clocktest.New()
	registry.onPublish = func(context.Context, plan.Image) error { return errors.New("connection reset by peer") }
	runner := Runner{
		Publisher: registry, Registry: registry, clock: clock, Timeout: 5 * time.Minute,
		Hosts: &throttle.Hosts{Retry: throttle.Retry{Attempts: 1000, First: time.Minute, Longest: time.Minute}},
	}
	result, err := runner.Run(context.Background(), planOf(1))
	require.NoError(t, err)
	assert.Contains(t, result.Images[0].Error, "took longer than 5m0s: last: connection reset by peer\n  → "+classify.AdviceTimeout)
	assert.Less(t, result.Images[0].AttemptCount, 20)
}

// A lasting limit does not concern --timeout: the error is the limit's, and so is the advice.
func TestTheAdviceForALimitDoesNotBlameTheTimeout(t *testing.T) {
	registry, clock := withBases(2, map[string][]error{"r/agent:i0": refusals(1000, asksFor(15*time.Minute))}), clocktest.New()
	result, err := Runner{Publisher: registry, Registry: registry, clock: clock, MaxWorkers: 1}.Run(context.Background(), planOf(2))
	require.NoError(t, err)
	assert.Equal(t, manifest.StatusFailed, result.Images[0].Status)
	assert.NotContains(t, result.Images[0].Error, "--timeout")
	assert.NotContains(t, result.Images[0].Error, "took longer")
	assert.Less(t, clock.Now().Sub(clocktest.New().Now()), 6*time.Hour, "it has an end")
}
