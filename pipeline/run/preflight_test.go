package run

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

func TestARegistryWithoutAnAnswerEndsTheRunBeforeAnyBuild(t *testing.T) {
	tests := map[string]struct {
		silent string
		force  bool
		err    string
		asked  []string
	}{
		"about the builder":                     {"r/builder:b", false, "builder", []string{"r/builder:b"}},
		"about the builder, in a forced run":    {"r/builder:b", true, "builder", []string{"r/builder:b"}},
		"about a base image":                    {"r/base:i0", false, "base i0", []string{"r/builder:b", "r/base:i0"}},
		"about a base image, in a forced run":   {"r/base:i0", true, "base i0", []string{"r/builder:b", "r/base:i0"}},
		"about an agent image, in a forced run": {"r/agent:i0", true, "assemble i0", []string{"r/builder:b", "r/base:i0", "r/agent:i0"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			registry := &fakeRegistry{findErr: map[string]error{test.silent: errors.New("connection refused")}}
			once := quick
			once.Attempts = 1
			result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: once}, Force: test.force}.Run(context.Background(), planOf(3))
			require.EqualError(t, err, test.err+": asking the registry for "+test.silent+": connection refused\n  → "+classify.AdviceAddress)
			assert.Equal(t, test.asked, registry.asked)
			assert.Empty(t, registry.published)

			assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusFailed, manifest.StatusFailed}, statuses(result.Images))
			assert.EqualValues(t, "assemble i2: not started: "+test.err+" failed", result.Images[2].Error)
			failed := append(append(result.Builders, result.Bases...), result.Images[0])
			assert.EqualValues(t, err.Error(), failed[0].Error, "the reason in full stands once")
			assert.Equal(t, 1, failed[0].AttemptCount)
		})
	}
}

func TestPreflightTakesAnyAnswer(t *testing.T) {
	other := fmt.Errorf("%w: r/base:i0 is for linux/arm64", classify.ErrPlatform)
	t.Run("a forced run makes what is there, whatever it is", func(t *testing.T) {
		registry := &fakeRegistry{
			has:     map[string]plan.Found{"r/agent:i0": {Digest: "sha256:a"}},
			findErr: map[string]error{"r/builder:b": other, "r/base:i0": other},
		}
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, Force: true}.Run(context.Background(), planOf(1))
		require.NoError(t, err)
		assert.Equal(t, []string{"r/builder:b", "r/base:i0", "r/agent:i0"}, registry.references())
		assert.Equal(t, []manifest.Status{manifest.StatusBuilt}, statuses(result.Images))
	})
	t.Run("a base image for another platform costs its image only", func(t *testing.T) {
		registry := &fakeRegistry{findErr: map[string]error{"r/base:i0": other}}
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(2))
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusBuilt}, statuses(result.Images))
	})
	t.Run("a builder for another platform ends a run, and is not replaced", func(t *testing.T) {
		registry := &fakeRegistry{findErr: map[string]error{"r/builder:b": fmt.Errorf("%w: r/builder:b is for linux/arm64", classify.ErrPlatform)}}
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(2))
		require.ErrorIs(t, err, classify.ErrPlatform)
		require.ErrorContains(t, err, classify.AdvicePlatform)
		assert.Empty(t, registry.published)
		assert.Equal(t, []manifest.Status{manifest.StatusFailed}, statuses(result.Builders))
		assert.EqualValues(t, "assemble i1: not started: builder failed", result.Images[1].Error)
	})
	t.Run("a repository is asked once", func(t *testing.T) {
		registry, plan := &fakeRegistry{}, planOf(1)
		plan.Builder = "r/base:builder"
		_, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, Force: true}.Run(context.Background(), plan)
		require.NoError(t, err)
		assert.Equal(t, []string{"r/base:builder", "r/agent:i0"}, registry.asked)
	})
	t.Run("an empty plan is no reason to fail", func(t *testing.T) {
		registry := &fakeRegistry{}
		_, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(0))
		require.NoError(t, err)
	})
}

func TestAStoppedRunReportsTheImagesThatItDidNotStart(t *testing.T) {
	for name, at := range map[string]string{
		"while it asks for the builder": "find r/builder:b", "while it checks": "find r/agent:i1", "while it makes the builder": "publish r/builder:b",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			registry := &cancelling{fakeRegistry: &fakeRegistry{}, at: at, cancel: cancel}
			result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1}.Run(ctx, planOf(4))
			require.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusFailed, manifest.StatusFailed, manifest.StatusFailed}, statuses(result.Images))
			assert.EqualValues(t, "assemble i3: not started: context canceled", result.Images[3].Error)
			assert.Equal(t, []manifest.Status{manifest.StatusFailed}, statuses(result.Builders))
			assert.Empty(t, registry.published)
		})
	}
}

// cancelling cancels the run at one check or publication.
type cancelling struct {
	*fakeRegistry
	at     string
	cancel func()
}

func (c *cancelling) Find(ctx context.Context, reference string) (plan.Found, error) {
	if c.at == "find "+reference {
		c.cancel()
		return plan.Found{}, ctx.Err()
	}
	return c.fakeRegistry.Find(ctx, reference)
}

func (c *cancelling) Publish(ctx context.Context, image plan.Image) (Published, error) {
	if c.at == "publish "+image.Reference {
		c.cancel()
		return Published{}, ctx.Err()
	}
	return c.fakeRegistry.Publish(ctx, image)
}

// stalling never answers for one reference, and signals when it was asked for it.
type stalling struct {
	*fakeRegistry
	reference string
	clock     *clocktest.Fake
}

func (s *stalling) Find(ctx context.Context, reference string) (plan.Found, error) {
	if reference != s.reference {
		return s.fakeRegistry.Find(ctx, reference)
	}
	outlast(ctx, s.clock)
	return plan.Found{}, ctx.Err()
}

func TestTheTimeoutBoundsChecks(t *testing.T) {
	runner := func(reference string) (Runner, *fakeRegistry) {
		has := map[string]plan.Found{"official/i1": {Digest: "sha256:o"}, "r/agent:i1": {Digest: "sha256:1"}}
		clock := clocktest.New()
		registry := &stalling{fakeRegistry: &fakeRegistry{has: has}, reference: reference, clock: clock}
		return Runner{Publisher: registry, Registry: registry, Official: registry, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1, clock: clock}, registry.fakeRegistry
	}
	t.Run("of a run", func(t *testing.T) {
		r, _ := runner("r/agent:i0")
		result, err := r.Run(context.Background(), planOf(2))
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusSkipped}, statuses(result.Images))
		assert.Contains(t, string(result.Images[0].Error), "assemble i0: asking the registry for r/agent:i0: took longer than 33m20s")
	})
	t.Run("about the builder", func(t *testing.T) {
		r, _ := runner("r/builder:b")
		_, err := r.Run(context.Background(), planOf(2))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "builder: asking the registry for r/builder:b: took longer than 33m20s")
	})
	t.Run("of a check", func(t *testing.T) {
		r, _ := runner("r/agent:i0")
		_, err := r.Missing(context.Background(), planOf(2))
		require.ErrorContains(t, err, "i0: asking the registry for r/agent:i0: took longer than 33m20s")
		assert.NotContains(t, err.Error(), "i1")
	})
	t.Run("about official images", func(t *testing.T) {
		r, _ := runner("official/i0")
		plan, err := r.Pin(context.Background(), planOf(2))
		require.ErrorContains(t, err, "i0: asking the registry for official/i0: took longer than 33m20s")
		assert.Equal(t, "sha256:o", plan.Items[1].OfficialDigest)
	})
}

// TestABuilderForAnotherPlatformIsNotReplaced: it belongs to somebody, and a new one would take its
// name.
func TestABuilderForAnotherPlatformIsNotReplaced(t *testing.T) {
	for name, force := range map[string]bool{"": false, "unless by force": true} {
		t.Run(name, func(t *testing.T) {
			registry := &fakeRegistry{findErr: map[string]error{"r/builder:b": classify.ErrPlatform}}
			result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, Force: force}.Run(context.Background(), planOf(1))
			if force {
				require.NoError(t, err)
				assert.Equal(t, manifest.StatusBuilt, result.Builders[0].Status)
				return
			}
			require.ErrorIs(t, err, classify.ErrPlatform)
			assert.Equal(t, manifest.StatusFailed, result.Builders[0].Status)
			assert.Empty(t, registry.published)
		})
	}
}
