package run

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

func TestRunMakesWhatIsAbsent(t *testing.T) {
	t.Run("into an empty registry goes everything, a base before its agent image and the builder before all", func(t *testing.T) {
		registry := &fakeRegistry{}
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1}.Run(context.Background(), planOf(2))
		require.NoError(t, err)
		assert.Equal(t, []string{"r/builder:b", "r/base:i0", "r/agent:i0", "r/base:i1", "r/agent:i1"}, registry.references())
		assert.Equal(t, []manifest.Status{manifest.StatusBuilt, manifest.StatusBuilt}, statuses(result.Images))
		assert.Equal(t, []manifest.Status{manifest.StatusBuilt, manifest.StatusBuilt}, statuses(result.Bases))
		assert.Equal(t, []manifest.Status{manifest.StatusBuilt}, statuses(result.Builders))
	})
	t.Run("an agent image is assembled of a base and a builder that are pinned by digest", func(t *testing.T) {
		registry := &fakeRegistry{}
		_, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(1))
		require.NoError(t, err)
		agent := registry.published[2]
		assert.Equal(t, "r/builder:b@sha256:r/builder:b", agent.Builder)
		assert.Equal(t, "r/base:i0@sha256:r/base:i0", agent.Base)
	})
	t.Run("an agent image that is there needs neither base nor builder", func(t *testing.T) {
		registry := &fakeRegistry{has: map[string]plan.Found{"r/agent:i0": {Digest: "sha256:a", BaseDigest: "sha256:b", OfficialDigest: "sha256:o"}}}
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(1))
		require.NoError(t, err)
		assert.Equal(t, []string{"r/builder:b", "r/base:i0", "r/agent:i0"}, registry.asked, "and two questions show that the registry answers")
		assert.Empty(t, registry.published)
		assert.Empty(t, result.Bases)
		record := result.Images[0]
		assert.Equal(t, manifest.StatusSkipped, record.Status)
		assert.EqualValues(t, manifest.SkipRemoteExists, record.SkipReason)
		assert.EqualValues(t, "sha256:a", record.Digest)
		assert.EqualValues(t, "sha256:b", record.BaseDigest, "as the image's label tells")
		assert.EqualValues(t, "sha256:o", record.OfficialDigest, "and as this one does")
		assert.Equal(t, []string{"r/agent:i0"}, record.Tags)
	})
	t.Run("a base that is there is used as it is", func(t *testing.T) {
		registry := &fakeRegistry{has: map[string]plan.Found{"r/base:i0": {Digest: "sha256:old"}, "r/builder:b": {Digest: "sha256:bb"}}}
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(1))
		require.NoError(t, err)
		assert.Equal(t, []string{"r/agent:i0"}, registry.references())
		assert.Equal(t, "r/base:i0@sha256:old", registry.published[0].Base)
		assert.Equal(t, "r/builder:b@sha256:bb", registry.published[0].Builder)
		assert.Equal(t, []manifest.Status{manifest.StatusSkipped}, statuses(result.Bases))
		assert.EqualValues(t, "sha256:old", result.Images[0].BaseDigest)
	})
	t.Run("a base is built on the official image by its digest, and both records have it", func(t *testing.T) {
		registry := &fakeRegistry{has: map[string]plan.Found{"official/i0": {Digest: "sha256:oo"}}}
		result, err := Runner{Publisher: registry, Registry: registry, Official: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(1))
		require.NoError(t, err)
		assert.Equal(t, "official/i0@sha256:oo", registry.published[1].Official)
		assert.Equal(t, "official/i0@sha256:oo", registry.published[2].Official)
		assert.EqualValues(t, "sha256:oo", result.Bases[0].OfficialDigest)
		assert.EqualValues(t, "sha256:oo", result.Images[0].OfficialDigest)
	})
	t.Run("an official image that does not exist costs its image", func(t *testing.T) {
		registry := &fakeRegistry{has: map[string]plan.Found{"official/i1": {Digest: "sha256:oo"}}}
		result, err := Runner{Publisher: registry, Registry: registry, Official: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(2))
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusBuilt}, statuses(result.Images))
		assert.EqualValues(t, "base i0: there is no official image official/i0", result.Images[0].Error)
		assert.Equal(t, 1, result.Images[0].AttemptCount)
	})
	t.Run("a second run finds everything", func(t *testing.T) {
		registry := &fakeRegistry{}
		runner := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}
		_, err := runner.Run(context.Background(), planOf(5))
		require.NoError(t, err)
		registry.published, registry.asked = nil, nil
		result, err := runner.Run(context.Background(), planOf(5))
		require.NoError(t, err)
		assert.Empty(t, registry.published)
		assert.Len(t, registry.asked, 7, "one question for the builder, one for a base, one for each image")
		assert.Equal(t, 5, result.Count(manifest.StatusSkipped))
	})
	t.Run("without a registry everything is built, nothing asked and no tag claimed", func(t *testing.T) {
		registry := &fakeRegistry{}
		result, err := Runner{Publisher: registry}.Run(context.Background(), planOf(1))
		require.NoError(t, err)
		assert.Empty(t, registry.asked)
		assert.Len(t, registry.published, 3)
		assert.Empty(t, registry.published[2].Base, "the publisher takes the base it has just made")
		assert.Equal(t, manifest.StatusBuilt, result.Images[0].Status)
		assert.Empty(t, result.Images[0].Tags)
	})
}

func TestRunFailures(t *testing.T) {
	failing := func(references ...string) *fakeRegistry {
		return &fakeRegistry{onPublish: func(_ context.Context, image plan.Image) error {
			for _, reference := range references {
				if image.Reference == reference {
					return errors.New("boom")
				}
			}
			return nil
		}}
	}
	t.Run("a base that fails costs its own agent image", func(t *testing.T) {
		registry := failing("r/base:i1")
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(3))
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusBuilt, manifest.StatusFailed, manifest.StatusBuilt}, statuses(result.Images))
		assert.Equal(t, []manifest.Status{manifest.StatusBuilt, manifest.StatusFailed, manifest.StatusBuilt}, statuses(result.Bases))
		assert.EqualValues(t, "base i1: boom", result.Images[1].Error)
		assert.Empty(t, result.Images[1].Tags)
		assert.NotContains(t, registry.references(), "r/agent:i1")
	})
	t.Run("an agent image that fails leaves its base for the next run", func(t *testing.T) {
		registry := failing("r/agent:i0")
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(2))
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusBuilt}, statuses(result.Images))
		assert.EqualValues(t, "assemble i0: boom", result.Images[0].Error)
		assert.Contains(t, registry.references(), "r/base:i0")
	})
	t.Run("tags that are refused keep no other back, and the record has those that are there", func(t *testing.T) {
		registry, planned := &fakeRegistry{}, planOf(1)
		registry.onPublish = func(_ context.Context, image plan.Image) error {
			if image.Reference == "r/agent:b" || image.Reference == "r/agent:i0" {
				return &classify.PushError{Reference: image.Reference, Err: errors.New("invalid reference format")}
			}
			return nil
		}
		planned.Items[0].Tags = []string{"r/agent:a", "r/agent:b", "r/agent:c"}
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planned)
		require.NoError(t, err)
		assert.Equal(t, manifest.StatusFailed, result.Images[0].Status)
		assert.Equal(t, []string{"r/agent:a", "r/agent:c"}, result.Images[0].Tags)
		assert.Contains(t, string(result.Images[0].Error), "publishing r/agent:i0: invalid reference format\npublishing r/agent:b: invalid reference format")
		assert.NotContains(t, string(result.Images[0].Error), "r/agent:c")
	})
	t.Run("a tag that was refused is named beside what ended the image", func(t *testing.T) {
		clock := clocktest.New()
		for reason, end := range map[string]func(context.Context) error{
			"401 Unauthorized": func(context.Context) error {
				return &classify.PushError{Reference: "r/agent:a", Err: errors.New("401 Unauthorized")}
			},
			"took longer than 33m20s": func(ctx context.Context) error {
				outlast(ctx, clock)
				return &classify.PushError{Reference: "r/agent:a", Err: ctx.Err()}
			},
			"the base does not load": func(context.Context) error { return errors.New("the base does not load: invalid reference format") },
		} {
			registry, planned := withBases(1, nil), planOf(1)
			planned.Items[0].Tags = []string{"r/agent:a", "r/agent:b"}
			registry.onPublish = func(ctx context.Context, image plan.Image) error {
				switch image.Reference {
				case "r/agent:i0":
					return &classify.PushError{Reference: image.Reference, Err: errors.New("429 is no name: invalid reference format")}
				case "r/agent:a":
					return end(ctx)
				}
				return nil
			}
			result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, clock: clock}.Run(context.Background(), planned)
			require.NoError(t, err)
			assert.Contains(t, string(result.Images[0].Error), "publishing r/agent:i0: 429 is no name", reason)
			assert.Equal(t, 1, strings.Count(string(result.Images[0].Error), reason), result.Images[0].Error)
			assert.NotContains(t, registry.references(), "r/agent:b", "the others would fail alike")
		}
	})
	t.Run("without a builder there is no run", func(t *testing.T) {
		registry := failing("r/builder:b")
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(2))
		require.EqualError(t, err, "builder: boom")
		assert.EqualValues(t, "builder: boom", result.Builders[0].Error)
		assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusFailed}, statuses(result.Images))
		assert.EqualValues(t, "assemble i1: not started: builder failed", result.Images[1].Error)
		assert.Zero(t, result.Images[1].AttemptCount)
		var failure *manifest.Failure
		require.ErrorAs(t, err, &failure)
		assert.Equal(t, plan.PhaseBuilder, failure.Phase)
		assert.Empty(t, registry.published)
	})
	t.Run("an image of which the registry does not say whether it exists is neither built nor skipped", func(t *testing.T) {
		registry := &fakeRegistry{findErr: map[string]error{"r/agent:i0": errors.New("500"), "r/base:i1": errors.New("401 Unauthorized")}}
		result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(3))
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusFailed, manifest.StatusBuilt}, statuses(result.Images))
		assert.NotContains(t, registry.references(), "r/base:i1")
		assert.NotContains(t, registry.references(), "r/agent:i0")
	})
	t.Run("a publication without a digest is none", func(t *testing.T) {
		registry := &fakeRegistry{has: map[string]plan.Found{"r/builder:b": {Digest: "sha256:bb"}}}
		result, err := Runner{Publisher: silent{}, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planOf(1))
		require.NoError(t, err)
		assert.Equal(t, []manifest.Status{manifest.StatusFailed}, statuses(result.Images))
	})
}

// silent claims success and returns no digest.
type silent struct{}

func (silent) Publish(context.Context, plan.Image) (Published, error) { return Published{}, nil }

func TestRunUsesExactlyItsWorkers(t *testing.T) {
	var running, most atomic.Int32
	var once sync.Once
	full := make(chan struct{})
	registry := &fakeRegistry{has: map[string]plan.Found{"r/builder:b": {Digest: "sha256:bb"}}}
	registry.onPublish = func(context.Context, plan.Image) error {
		now := running.Add(1)
		defer running.Add(-1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		if now == 3 {
			once.Do(func() { close(full) })
		}
		<-full // Nobody goes on before three have met, so a run with fewer workers hangs.
		return nil
	}
	result, err := Runner{Publisher: registry, Registry: registry, MaxWorkers: 3}.Run(context.Background(), planOf(100))
	require.NoError(t, err)
	assert.EqualValues(t, 3, most.Load(), "never a fourth")
	assert.Equal(t, 100, result.Count(manifest.StatusBuilt))
}

func TestACancelledRunStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	registry := &fakeRegistry{has: map[string]plan.Found{"r/builder:b": {Digest: "sha256:bb"}}}
	registry.onPublish = func(ctx context.Context, image plan.Image) error {
		if image.Reference == "r/agent:i1" {
			cancel()
		}
		return ctx.Err()
	}
	result, err := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1}.Run(ctx, planOf(4))
	require.ErrorIs(t, err, context.Canceled)
	require.NotNil(t, result, "what was done is not forgotten")
	assert.Equal(t, []manifest.Status{manifest.StatusBuilt, manifest.StatusFailed, manifest.StatusFailed, manifest.StatusFailed}, statuses(result.Images))
	assert.EqualValues(t, "assemble i2: not started: context canceled", result.Images[2].Error)
	assert.NotContains(t, registry.references(), "r/base:i2")
}
