package run

import (
	"context"
	"errors"
	"slices"
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

// taggedPlan plans n instances with two further tags each: r/agent:nightly-i0 and r/agent:v1-i0.
func taggedPlan(n int) plan.Plan {
	plan := planOf(n)
	for i := range plan.Items {
		id := plan.Items[i].Instance.ID
		plan.Items[i].Tags = []string{"r/agent:nightly-" + id, "r/agent:v1-" + id}
	}
	return plan
}

func TestEveryFurtherTagOfANewImageIsPushed(t *testing.T) {
	for name, force := range map[string]bool{"that is absent": false, "that is made anew by force": true} {
		t.Run(name, func(t *testing.T) {
			registry, planned := &fakeRegistry{}, taggedPlan(1)
			if force {
				registry.has = map[string]plan.Found{"r/agent:i0": {Digest: "sha256:old"}, "r/agent:v1-i0": {Digest: "sha256:old"}}
			}
			runner := Runner{Publisher: registry, Registry: registry, Tagger: registry, Hosts: &throttle.Hosts{Retry: quick}, Force: force}
			result, err := runner.Run(context.Background(), planned)
			require.NoError(t, err)
			assert.Equal(t, planned.Items[0].References(), registry.references()[2:])
			assert.Equal(t, manifest.StatusBuilt, result.Images[0].Status)
			assert.Equal(t, planned.Items[0].References(), result.Images[0].Tags)
			assert.Empty(t, registry.tagged)
		})
	}
}

// TestAFurtherTagIsPutOnTheExistingImage: even if the images that it was made from have changed or
// gone.
func TestAFurtherTagIsPutOnTheExistingImage(t *testing.T) {
	ours := plan.Found{Digest: "sha256:a", BaseDigest: "sha256:b", OfficialDigest: "sha256:o"}
	base, builder := plan.Found{Digest: "sha256:b"}, plan.Found{Digest: "sha256:bb"}
	nightly, other := plan.Found{Digest: "sha256:a"}, plan.Found{Digest: "sha256:yesterday's"}
	tests := map[string]struct {
		has  map[string]plan.Found // besides the image itself
		tags []string              // those that are put
	}{
		"all are missing":            {map[string]plan.Found{"r/base:i0": base, "r/builder:b": builder}, []string{"r/agent:nightly-i0", "r/agent:v1-i0"}},
		"one is missing, the second": {map[string]plan.Found{"r/base:i0": base, "r/agent:nightly-i0": nightly}, []string{"r/agent:v1-i0"}},
		"one is missing, the first":  {map[string]plan.Found{"r/base:i0": base, "r/agent:v1-i0": nightly}, []string{"r/agent:nightly-i0"}},
		"one names another image":    {map[string]plan.Found{"r/agent:nightly-i0": other, "r/agent:v1-i0": nightly}, []string{"r/agent:nightly-i0"}},
		"its base was made anew":     {map[string]plan.Found{"r/base:i0": {Digest: "sha256:new"}, "r/builder:b": builder}, []string{"r/agent:nightly-i0", "r/agent:v1-i0"}},
		"its base was deleted":       {map[string]plan.Found{"r/builder:b": builder}, []string{"r/agent:nightly-i0", "r/agent:v1-i0"}},
		"the builder was deleted":    {map[string]plan.Found{"r/base:i0": base}, []string{"r/agent:nightly-i0", "r/agent:v1-i0"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			registry, plan := &fakeRegistry{has: test.has}, taggedPlan(1)
			registry.has["r/agent:i0"] = ours
			runner := Runner{Publisher: registry, Registry: registry, Tagger: registry, Official: registry, Hosts: &throttle.Hosts{Retry: quick}}
			result, err := runner.Run(context.Background(), plan)
			require.NoError(t, err)

			assert.Empty(t, registry.published, "nothing is made, and the main tag is not put again")
			assert.Equal(t, test.tags, registry.tagged)
			for _, reference := range plan.Items[0].References() {
				assert.Equal(t, "sha256:a", registry.has[reference].Digest, reference)
			}
			assert.NotContains(t, registry.asked, "official/i0", "which would be a pull")
			assert.Empty(t, result.Bases)
			record := result.Images[0]
			assert.Equal(t, manifest.StatusSkipped, record.Status, "the registry had it")
			assert.EqualValues(t, manifest.SkipRemoteExists, record.SkipReason)
			assert.Equal(t, plan.Items[0].References(), record.Tags, "as the plan has them")
			assert.EqualValues(t, "sha256:a", record.Digest)
			assert.EqualValues(t, "r/base:i0", record.BaseTag)
			assert.EqualValues(t, "sha256:b", record.BaseDigest, "the one that it stands on")
			assert.EqualValues(t, "sha256:o", record.OfficialDigest)

			registry.asked, registry.tagged = nil, nil
			result, err = runner.Run(context.Background(), plan)
			require.NoError(t, err)
			assert.Equal(t, manifest.StatusSkipped, result.Images[0].Status)
			assert.Empty(t, registry.tagged, "another run has nothing to do")
		})
	}
}

func TestRefusedFurtherTags(t *testing.T) {
	refused := func(reference string) error {
		return &classify.PushError{Reference: reference, Err: errors.New("invalid reference format")}
	}
	run := func(t *testing.T, registry *fakeRegistry, tagger Tagger) *manifest.Result {
		registry.has = map[string]plan.Found{"r/agent:i0": {Digest: "sha256:a"}, "r/agent:i1": {Digest: "sha256:b"}}
		retry := quick
		retry.Attempts = 3
		runner := Runner{Publisher: registry, Registry: registry, Tagger: tagger, Hosts: &throttle.Hosts{Retry: retry}}
		result, err := runner.Run(context.Background(), taggedPlan(2))
		require.NoError(t, err)
		assert.Empty(t, registry.published, "nothing is made instead")
		return result
	}
	t.Run("one keeps no other back, and the record has those that are there", func(t *testing.T) {
		registry := &fakeRegistry{tagErr: map[string]error{"r/agent:nightly-i0": refused("r/agent:nightly-i0")}}
		result := run(t, registry, registry)
		record := result.Images[0]
		assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusSkipped}, statuses(result.Images))
		assert.Equal(t, []string{"r/agent:i0", "r/agent:v1-i0"}, record.Tags)
		assert.Empty(t, record.Digest, "which would say that this run published it")
		assert.Contains(t, string(record.Error), "assemble i0: publishing r/agent:nightly-i0: invalid reference format")
		assert.Empty(t, record.SkipReason)
		assert.Equal(t, 1, record.AttemptCount)
	})
	t.Run("several are named, each", func(t *testing.T) {
		registry := &fakeRegistry{tagErr: map[string]error{
			"r/agent:nightly-i0": refused("r/agent:nightly-i0"), "r/agent:v1-i0": refused("r/agent:v1-i0"),
		}}
		record := run(t, registry, registry).Images[0]
		assert.Equal(t, []string{"r/agent:i0"}, record.Tags)
		assert.Contains(t, string(record.Error), "publishing r/agent:nightly-i0: ")
		assert.Contains(t, string(record.Error), "publishing r/agent:v1-i0: ")
	})
	t.Run("one is put again after an answer that may pass", func(t *testing.T) {
		registry := &fakeRegistry{tagErr: map[string]error{
			"r/agent:v1-i1": &classify.PushError{Reference: "r/agent:v1-i1", Err: errors.New("connection reset by peer")},
		}}
		record := run(t, registry, registry).Images[1]
		assert.Equal(t, manifest.StatusFailed, record.Status)
		assert.Equal(t, 3, record.AttemptCount)
	})
	t.Run("one whose answer was lost is there", func(t *testing.T) {
		registry := &fakeRegistry{}
		result := run(t, registry, losing{registry})
		assert.Equal(t, []manifest.Status{manifest.StatusSkipped, manifest.StatusSkipped}, statuses(result.Images))
		assert.Equal(t, taggedPlan(1).Items[0].References(), result.Images[0].Tags)
		assert.Empty(t, result.Images[0].Error)
	})
	t.Run("where nobody can tag, each image says so once, and what to do", func(t *testing.T) {
		registry := &fakeRegistry{}
		result := run(t, registry, nil)
		assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusFailed}, statuses(result.Images))
		record := result.Images[0]
		assert.EqualValues(t, "assemble i0: tagging r/agent:nightly-i0: only the engine has access to the registry in this run\n  → "+classify.AdviceEngineTag, record.Error)
		assert.Equal(t, []string{"r/agent:i0"}, record.Tags)
		assert.Equal(t, 1, record.AttemptCount)
	})
}

// losing is a registry that loses its answers to tags.
type losing struct{ *fakeRegistry }

func (l losing) Tag(ctx context.Context, image, reference string) error {
	if err := l.fakeRegistry.Tag(ctx, image, reference); err != nil {
		return err
	}
	return &classify.PushError{Reference: reference, Err: errors.New("connection reset by peer")}
}

func TestTagsArePutBeforeAnyBuild(t *testing.T) {
	registry := &fakeRegistry{has: map[string]plan.Found{"r/agent:i1": {Digest: "sha256:a"}}}
	registry.onPublish = func(context.Context, plan.Image) error { return errors.New("boom") }
	result, err := Runner{Publisher: registry, Registry: registry, Tagger: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), taggedPlan(2))
	require.EqualError(t, err, "builder: boom")
	assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusSkipped}, statuses(result.Images), "who needs no builder does not fail with it")
	assert.Equal(t, []string{"r/agent:nightly-i1", "r/agent:v1-i1"}, registry.tagged)
}

// TestATagThatTheRegistryDoesNotAnswerFor: the image is then neither made nor tagged, even if
// another tag is known to be missing.
func TestATagThatTheRegistryDoesNotAnswerFor(t *testing.T) {
	for name, order := range map[string][]string{
		"before one that is missing": {"r/agent:there-i0", "r/agent:unknown-i0", "r/agent:missing-i0"},
		"after one that is missing":  {"r/agent:there-i0", "r/agent:missing-i0", "r/agent:unknown-i0"},
	} {
		t.Run(name, func(t *testing.T) {
			registry, plan := &fakeRegistry{
				has:     map[string]plan.Found{"r/agent:i0": {Digest: "sha256:a"}, "r/agent:there-i0": {Digest: "sha256:a"}},
				findErr: map[string]error{"r/agent:unknown-i0": errors.New("500 Internal Server Error")},
			}, planOf(1)
			plan.Items[0].Tags = order
			result, err := Runner{Publisher: registry, Registry: registry, Tagger: registry, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), plan)
			require.NoError(t, err)
			record := result.Images[0]
			assert.Equal(t, manifest.StatusFailed, record.Status)
			assert.Contains(t, string(record.Error), "asking the registry for r/agent:unknown-i0: 500")
			assert.Empty(t, registry.published)
			assert.Empty(t, registry.tagged)
			assert.Equal(t, []string{"r/agent:i0", "r/agent:there-i0"}, record.Tags, "what is known to be there")
			assert.Empty(t, record.Digest, "which would say that this run published it")
			assert.Empty(t, record.SkipReason)
		})
	}
}

// TestARecordHasThePlannedName: even that of an image that was not started.
func TestARecordHasThePlannedName(t *testing.T) {
	names := func(result *manifest.Result) (all []string) {
		for _, record := range slices.Concat(result.Builders, result.Bases, result.Images) {
			all = append(all, string(record.Reference))
		}
		return all
	}
	run := func(runner Runner) *manifest.Result {
		runner.Hosts = &throttle.Hosts{Retry: quick}
		result, _ := runner.Run(context.Background(), planOf(2))
		return result
	}
	registry := &fakeRegistry{}
	all := []string{"r/builder:b", "r/base:i0", "r/base:i1", "r/agent:i0", "r/agent:i1"}
	assert.Equal(t, all, names(run(Runner{Publisher: registry, Registry: registry})), "of what was built")
	assert.Equal(t, []string{"r/builder:b", "r/agent:i0", "r/agent:i1"}, names(run(Runner{Publisher: registry, Registry: registry})), "of what was there")
	broken := &fakeRegistry{onPublish: func(context.Context, plan.Image) error { return errors.New("boom") }}
	result := run(Runner{Publisher: broken, Registry: broken})
	assert.Equal(t, []string{"r/builder:b", "r/agent:i0", "r/agent:i1"}, names(result), "of what was not started")
	assert.Equal(t, make([]string, len(all)), names(run(Runner{Publisher: registry})), "a run that publishes nothing wants none")
}

func TestTaggingCountsAsPushing(t *testing.T) {
	clock := clocktest.New()
	registry := &fakeRegistry{has: map[string]plan.Found{"r/agent:i0": {Digest: "sha256:a"}}}
	runner := Runner{Publisher: registry, Registry: registry, Tagger: slowTags{registry, clock}, Hosts: &throttle.Hosts{Retry: quick}, clock: clock}
	result, err := runner.Run(context.Background(), taggedPlan(1))
	require.NoError(t, err)
	assert.Equal(t, manifest.Seconds(2*time.Second), result.Images[0].PushSeconds)
	assert.Equal(t, manifest.Seconds(2*time.Second), result.Images[0].DurationSeconds)
}

// slowTags takes a second per tag.
type slowTags struct {
	*fakeRegistry
	clock *clocktest.Fake
}

func (s slowTags) Tag(ctx context.Context, image, reference string) error {
	s.clock.Advance(time.Second)
	return s.fakeRegistry.Tag(ctx, image, reference)
}
