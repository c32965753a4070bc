package run

import (
	"context"
	"errors"
	"sync"
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

// withBuilder returns a registry that has the builder. Publications of a reference fail with these
// errors, one after another.
func withBuilder(fails map[string][]error) *fakeRegistry {
	var mu sync.Mutex
	return &fakeRegistry{
		has: map[string]plan.Found{"r/builder:b": {Digest: "sha256:bb"}},
		onPublish: func(_ context.Context, image plan.Image) error {
			mu.Lock()
			defer mu.Unlock()
			errs := fails[image.Reference]
			if len(errs) == 0 {
				return nil
			}
			fails[image.Reference] = errs[1:]
			return errs[0]
		},
	}
}

func TestRunRetries(t *testing.T) {
	push := &classify.PushError{Reference: "r/agent:i0", Err: errors.New("connection reset by peer")}
	t.Run("a publication that may pass, and the record counts the attempts", func(t *testing.T) {
		registry := withBuilder(map[string][]error{"r/agent:i0": {push}})
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(2))
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusBuilt, manifest.StatusBuilt}, statuses(result.Images))
		assert.Equal(t, 2, result.Images[0].AttemptCount)
		assert.Equal(t, 1, result.Images[1].AttemptCount)
	})
	t.Run("and gives up after as many attempts as told", func(t *testing.T) {
		registry := withBuilder(map[string][]error{"r/agent:i0": {push, push, push, push}})
		retry := quick
		retry.Attempts = 3
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: retry}}.Run(context.Background(), planOf(1))
		require.NoError(t, err)
		assert.Equal(t, 3, result.Images[0].AttemptCount)
		assert.EqualValues(t, "assemble i0: publishing r/agent:i0: connection reset by peer", result.Images[0].Error)
	})
	t.Run("a question that was not answered", func(t *testing.T) {
		registry := withBuilder(nil)
		answers := &unsure{fakeRegistry: registry}
		result, err := Runner{Publisher: registry, Registry: answers, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(1))
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusBuilt}, statuses(result.Images))
	})
}

// unsure answers only every second request.
type unsure struct {
	*fakeRegistry
	asked atomic.Int32
}

func (u *unsure) Find(ctx context.Context, reference string) (plan.Found, error) {
	if u.asked.Add(1)%2 == 1 {
		return plan.Found{}, errors.New("503 Service Unavailable")
	}
	return u.fakeRegistry.Find(ctx, reference)
}

func TestAFailureOfEveryImageEndsTheRun(t *testing.T) {
	for name, err := range map[string]error{
		"a full disk":                     errors.New("no space left on device"),
		"credentials that may not push":   &classify.PushError{Reference: "r/base:i1", Err: errors.New("401 Unauthorized")},
		"the same, asked for by a prompt": &classify.PushError{Reference: "r/base:i1", Err: errors.New("authentication required")},
	} {
		t.Run(name, func(t *testing.T) {
			registry := withBuilder(map[string][]error{"r/base:i1": {err, err}})
			result, runErr := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1}.Run(context.Background(), planOf(4))
			require.NoError(t, runErr, "what was done is not forgotten")
			assert.Equal(t, []manifest.Status{manifest.StatusBuilt, manifest.StatusFailed, manifest.StatusFailed, manifest.StatusFailed}, statuses(result.Images))
			assert.Contains(t, string(result.Images[3].Error), "not started")
			assert.Contains(t, string(result.Images[3].Error), err.Error(), "and why")
			assert.NotContains(t, registry.references(), "r/base:i2")
		})
	}
}

func TestTheTimeoutBoundsEachImage(t *testing.T) {
	registry, clock := withBuilder(nil), clocktest.New()
	registry.onPublish = func(ctx context.Context, image plan.Image) error {
		if image.Reference != "r/base:i0" {
			return nil
		}
		outlast(ctx, clock)
		return ctx.Err()
	}
	result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1, clock: clock}.Run(context.Background(), planOf(2))
	require.NoError(t, err)
	assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusBuilt}, statuses(result.Images))
	assert.Contains(t, string(result.Images[0].Error), "base i0: took longer than 33m20s")
	assert.Equal(t, 1, result.Bases[0].AttemptCount, "its time is used up")
}

func TestATimeoutReportsTheLastError(t *testing.T) {
	reset := &classify.PushError{Reference: "r/agent:i0", Err: errors.New("connection reset by peer")}
	hour := throttle.Retry{First: time.Hour, Longest: time.Hour}
	tests := map[string]struct {
		retry throttle.Retry
		first error
		last  string
	}{
		"while it waited to try again":        {hour, reset, reset.Error()},
		"in an attempt that followed another": {quick, reset, reset.Error()},
		"in its first attempt":                {quick, nil, "publishing r/agent:i0: context canceled"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			registry, first, clock := withBases(1, nil), test.first, clocktest.New()
			registry.onPublish = func(ctx context.Context, image plan.Image) error {
				if err := first; err != nil {
					first = nil
					return err
				}
				outlast(ctx, clock)
				return &classify.PushError{Reference: image.Reference, Err: ctx.Err()}
			}
			var ended error
			observe := func(ctx context.Context, unit string) (context.Context, func(error)) {
				return ctx, func(err error) { ended = err }
			}
			runner := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: test.retry}, Observe: observe, clock: clock}
			result, err := runner.Run(context.Background(), planOf(1))
			require.NoError(t, err)
			assert.Contains(t, string(result.Images[0].Error), "assemble i0: took longer than 33m20s: last: "+test.last+"\n  → The image took longer")
			require.ErrorIs(t, ended, context.DeadlineExceeded)
		})
	}
}

func TestAForcedRunMakesEverything(t *testing.T) {
	registry := withBuilder(nil)
	runner := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1}
	_, err := runner.Run(context.Background(), planOf(1))
	require.NoError(t, err)
	registry.published = nil
	runner.Force = true
	result, err := runner.Run(context.Background(), planOf(1))
	require.NoError(t, err)
	assert.Equal(t, []string{"r/builder:b", "r/base:i0", "r/agent:i0"}, registry.references())
	assert.Equal(t, manifest.StatusBuilt, result.Images[0].Status)
}
