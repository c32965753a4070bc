package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

// sharingBy maps official images, without their digests, to their keys; a missing one is an error.
type sharingBy map[string]string

func (s sharingBy) RebaseKey(_ context.Context, image plan.Image) (key, refused string, err error) {
	name, _, _ := strings.Cut(image.Official, "@")
	key, ok := s[name]
	if !ok {
		return "", "", errors.New("nobody knows")
	}
	if reason, ok := strings.CutPrefix(key, "refused: "); ok {
		return "", reason, nil
	}
	return key, "", nil
}

// rebases maps each instance with a published base image to the instance whose recipe layers it
// has.
func (f *fakeRegistry) rebases() map[string]string {
	from := map[string]string{}
	for _, image := range f.published {
		if image.Phase != plan.PhaseBase {
			continue
		}
		from[image.Instance.ID] = ""
		if image.Rebase != nil {
			from[image.Instance.ID] = image.Rebase.Instance
		}
	}
	return from
}

// together returns the instances whose base images share one run of the recipe. Which of them ran
// it depends on who came first.
func (f *fakeRegistry) together() [][]string {
	groups := map[string][]string{}
	for id, from := range f.rebases() {
		groups[cmp.Or(from, id)] = append(groups[cmp.Or(from, id)], id)
	}
	var all [][]string
	for _, group := range groups {
		slices.Sort(group)
		all = append(all, group)
	}
	slices.SortFunc(all, slices.Compare[[]string])
	return all
}

func TestTheRecipeRunsOnceForEquivalentOfficialImages(t *testing.T) {
	registry := &fakeRegistry{}
	planned := planOf(12)
	planned.Items[5].Wrap = &plan.Wrap{Commands: [][]string{{"pip", "install", "x"}}}
	planned.Items[6].Wrap = &plan.Wrap{Commands: [][]string{{"pip", "install x"}}}
	planned.Items[7].Wrap = &plan.Wrap{Commands: [][]string{{"pip"}, {"install", "x"}}}
	planned.Items[8].Wrap = &plan.Wrap{Commands: [][]string{{"pip", "install", "x"}}}
	for i := 9; i < 12; i++ {
		planned.Items[i].Wrap = &plan.Wrap{Commands: [][]string{{"pip", "install", "x"}}}
	}
	sharing := sharingBy{
		"official/i0": "a", "official/i1": "a", "official/i2": "b", "official/i3": "b",
		"official/i5": "a", "official/i6": "a", "official/i7": "a", "official/i8": "a",
		"official/i9": "", "official/i10": "", // i11 is an error.
	}

	_, err := Runner{Publisher: registry, Registry: registry, Sharing: sharing, MaxWorkers: 1, Hosts: &throttle.Hosts{Retry: quick}}.Run(context.Background(), planned)

	require.NoError(t, err)
	assert.Equal(t, [][]string{
		{"i0", "i1"},
		{"i10"}, {"i11"}, // Equal wraps on what nobody knows are not alike.
		{"i2", "i3"},
		{"i4"},         // Nobody knows what it is like.
		{"i5", "i8"},   // A wrap is a part of the recipe: only equal ones are alike,
		{"i6"}, {"i7"}, // and words run together are not equal.
		{"i9"},
	}, registry.together())
	for _, image := range registry.published {
		if image.Rebase != nil {
			id := image.Rebase.Instance
			assert.Equal(t, &plan.RebaseSource{Official: "official/" + id, Base: "r/base:" + id + "@sha256:r/base:" + id, Instance: id}, image.Rebase)
		}
	}
}

func TestAFailedRecipeFailsOneImageAndRunsForTheNext(t *testing.T) {
	registry := &fakeRegistry{}
	registry.onPublish = func(_ context.Context, image plan.Image) error {
		if image.Phase == plan.PhaseBase && image.Instance.ID == "i0" {
			return errors.New("exit code: 1")
		}
		return nil
	}
	sharing := sharingBy{"official/i0": "a", "official/i1": "a", "official/i2": "a"}

	result, err := Runner{Publisher: registry, Registry: registry, Sharing: sharing, MaxWorkers: 1}.Run(context.Background(), planOf(3))

	require.NoError(t, err)
	assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusBuilt, manifest.StatusBuilt}, statuses(result.Images))
	assert.Equal(t, [][]string{{"i1", "i2"}}, registry.together())
}

// TestRebaseKeysAreRetried: a short failure of the registry is no reason to run the recipe.
func TestRebaseKeysAreRetried(t *testing.T) {
	for name, trouble := range map[string]error{"503": errors.New("503 Service Unavailable"), "a limit": asksFor(time.Hour)} {
		t.Run(name, func(t *testing.T) {
			registry, clock := &fakeRegistry{}, clocktest.New()
			sharing := &unsureSharing{sharingBy: sharingBy{"official/i0": "a", "official/i1": "a"}, trouble: trouble}
			_, err := Runner{Publisher: registry, Registry: registry, Sharing: sharing, clock: clock, Timeout: clocktest.Ages}.Run(context.Background(), planOf(2))
			require.NoError(t, err)
			assert.Equal(t, [][]string{{"i0", "i1"}}, registry.together())
		})
	}
}

// unsureSharing fails its first request.
type unsureSharing struct {
	sharingBy
	trouble error
	once    sync.Once
}

func (s *unsureSharing) RebaseKey(ctx context.Context, image plan.Image) (key, refused string, err error) {
	s.once.Do(func() { err = s.trouble })
	if err != nil {
		return "", "", err
	}
	return s.sharingBy.RebaseKey(ctx, image)
}

// If the recipe fails for all equivalent images, running it for one after another would take hours
// to show it.
func TestARecipeThatKeepsFailingRunsConcurrently(t *testing.T) {
	const images, places = 8, 3
	registry := &fakeRegistry{}
	var begun, running atomic.Int64
	full, once := make(chan struct{}), sync.Once{}
	registry.onPublish = func(ctx context.Context, image plan.Image) error {
		if image.Phase != plan.PhaseBase {
			return nil
		}
		if running.Add(1) == places {
			once.Do(func() { close(full) })
		}
		defer running.Add(-1)
		if begun.Add(1) > 2 { // The first ones try one after the other.
			select {
			case <-full: // As many at a time as there are places.
			case <-ctx.Done():
			}
		}
		return errors.New("exit code: 1")
	}
	sharing := sharingBy{}
	for i := range images {
		sharing[fmt.Sprintf("official/i%d", i)] = "a"
	}
	runner := Runner{Publisher: registry, Registry: registry, Sharing: sharing, MaxWorkers: places, Timeout: 10 * time.Second}

	result, err := runner.Run(context.Background(), planOf(images))

	require.NoError(t, err)
	assert.Equal(t, images, result.Count(manifest.StatusFailed))
	for _, record := range result.Bases {
		assert.Contains(t, record.Error, "exit code: 1", "each by itself: %s", record.InstanceID)
		assert.Equal(t, 1, record.AttemptCount)
	}
}

// With two workers, the recipe of the first three must not keep the fourth, with another recipe,
// from starting.
func TestAnImageThatWaitsForARecipeReleasesItsWorker(t *testing.T) {
	registry := &fakeRegistry{}
	other := make(chan struct{})
	var once sync.Once
	registry.onPublish = func(_ context.Context, image plan.Image) error {
		switch {
		case image.Phase != plan.PhaseBase || image.Rebase != nil:
		case image.Instance.ID == "i3":
			once.Do(func() { close(other) })
		default:
			<-other
		}
		return nil
	}
	sharing := sharingBy{"official/i0": "a", "official/i1": "a", "official/i2": "a", "official/i3": "b"}

	result, err := Runner{Publisher: registry, Registry: registry, Sharing: sharing, MaxWorkers: 2}.Run(context.Background(), planOf(4))

	require.NoError(t, err)
	assert.Equal(t, 4, result.Count(manifest.StatusBuilt))
}

// refusingPublisher looks at the layers of a base image, and builds it.
type refusingPublisher struct{ *fakeRegistry }

func (p refusingPublisher) Publish(ctx context.Context, image plan.Image) (Published, error) {
	published, err := p.fakeRegistry.Publish(ctx, image)
	published.Rebased = image.Rebase != nil
	if image.Rebase != nil && image.Instance.ID == "i3" {
		published.Rebased, published.RebaseRefused = false, "added layer 1: the recipe changes something in testbed"
	}
	return published, err
}

func TestTheManifestSaysHowABaseWasMadeAndWhyTheLongWay(t *testing.T) {
	registry := &fakeRegistry{}
	planned := planOf(7)
	planned.Items[6].Instance.OfficialImage = "elsewhere.example/official/i6"
	sharing := sharingBy{
		"official/i0": "a", "official/i1": "a", "official/i2": "refused: the image has a wrap", "official/i3": "a", // i4 is an error.
		"official/i5": "b",
	}
	made := func(result *manifest.Result) (all []string) {
		for _, base := range result.Bases {
			all = append(all, fmt.Sprintf("%s, from %q, because %q, refused %q", base.InstanceID, base.GraftedFrom, base.BuildReason, base.RebaseRefused))
		}
		return all
	}
	runner := Runner{Publisher: refusingPublisher{registry}, Registry: registry, Sharing: sharing, MaxWorkers: 1, Hosts: &throttle.Hosts{Retry: quick}}

	result, err := runner.Run(context.Background(), planned)

	require.NoError(t, err)
	const changes = "added layer 1: the recipe changes something in testbed"
	const elsewhere = "the official image is in another registry"
	assert.Equal(t, []string{
		`i0, from "", because "the first with its rebase key", refused ""`,
		`i1, from "i0", because "", refused ""`,
		`i2, from "", because "the image has a wrap", refused "the image has a wrap"`,
		`i3, from "", because "` + changes + `", refused "` + changes + `"`,
		`i4, from "", because "asking for the rebase key: nobody knows", refused ""`,
		`i5, from "", because "the first with its rebase key", refused ""`,
		`i6, from "", because "` + elsewhere + `", refused "` + elsewhere + `"`,
	}, made(result))

	for name, runner := range map[string]Runner{
		"a run that shares nothing":    {Publisher: &fakeRegistry{}, Registry: &fakeRegistry{}},
		"a run that publishes nothing": {Publisher: &fakeRegistry{}, Sharing: sharing},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := runner.Run(context.Background(), planOf(1))
			require.NoError(t, err)
			assert.Equal(t, []string{`i0, from "", because "the recipe's layers are not shared", refused ""`}, made(result))
		})
	}
	t.Run("a second run, that skips them", func(t *testing.T) {
		delete(registry.has, "r/agent:i0")
		result, err := runner.Run(context.Background(), planned)
		require.NoError(t, err)
		assert.Equal(t, `i0, from "", because "", refused ""`, made(result)[0])
	})
}

func TestAnUnpublishedRunSharesNothing(t *testing.T) {
	registry := &fakeRegistry{}
	_, err := Runner{Publisher: registry, Sharing: sharingBy{"official/i0": "a", "official/i1": "a"}}.Run(context.Background(), planOf(2))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"i0": "", "i1": ""}, registry.rebases())
}

// withWhy is a key, and what keeps it from being one of more images.
type withWhy struct{ key, why string }

func (s withWhy) RebaseKey(context.Context, plan.Image) (key, refused string, err error) {
	return s.key, s.why, nil
}

func TestTheFirstImageOfAKeySaysWhatSetsItApart(t *testing.T) {
	registry := &fakeRegistry{}
	runner := Runner{Publisher: registry, Registry: registry, Sharing: withWhy{"a", "layer 3: usr/x is outside the free places"}, MaxWorkers: 1, Hosts: &throttle.Hosts{Retry: quick}}
	result, err := runner.Run(context.Background(), planOf(1))
	require.NoError(t, err)
	assert.EqualValues(t, "the first with its rebase key (layer 3: usr/x is outside the free places)", result.Bases[0].BuildReason)
	assert.Empty(t, result.Bases[0].RebaseRefused)
	assert.NotContains(t, manifest.Summary(result), "built the long way", "the others share its layers")
}
