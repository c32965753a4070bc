package run

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
)

// pulls is a registry with a quota: it answers that many requests.
type pulls struct {
	mu    sync.Mutex
	left  int
	asked int
}

var errPulls = errors.New("failed to resolve source metadata for docker.io/o/i:latest: httpReadSeeker: failed open: unexpected status code " +
	"https://registry-1.docker.io/v2/o/i/manifests/sha256:0: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit. " +
	"You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit")

func (p *pulls) Find(_ context.Context, reference string) (plan.Found, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked++; p.asked > p.left {
		return plan.Found{}, errPulls
	}
	return plan.Found{Digest: digestOf(reference)}, nil
}

// TestAUsedUpPullQuotaFailsOnlyTheImagesThatNeedAPull: images without a pull go on, none waits or
// asks in vain, and one line reports the rest.
func TestAUsedUpPullQuotaFailsOnlyTheImagesThatNeedAPull(t *testing.T) {
	const images, pulled, based, workers = 60, 20, 10, 3
	registry, official := withBuilder(nil), &pulls{left: pulled}
	planned := planOf(images)
	for i := range planned.Items {
		planned.Items[i].Instance.OfficialImage = fmt.Sprintf("o/i%d:latest", i)
		planned.Items[i].Base, planned.Items[i].Agent = fmt.Sprintf("ghcr.io/base:i%d", i), fmt.Sprintf("ghcr.io/agent:i%d", i)
	}
	for _, item := range planned.Items[images-based:] { // The last ones.
		registry.has[item.Base] = plan.Found{Digest: digestOf(item.Base)}
	}
	clock := clocktest.New()
	began := clock.Now()
	runner := Runner{Publisher: registry, Registry: registry, Official: official, MaxWorkers: workers, clock: clock, Timeout: clocktest.Ages}
	result, err := runner.Run(context.Background(), planned)
	require.NoError(t, err)
	assert.Equal(t, pulled+based, result.Count(manifest.StatusBuilt))
	assert.LessOrEqual(t, official.asked, pulled+workers, "one that is refused for each worker")
	assert.Equal(t, began, clock.Now(), "minutes do not help")

	told := manifest.Failures(result.Failed())
	require.Len(t, told, 1, strings.Join(told, "\n"))
	assert.Contains(t, told[0], fmt.Sprintf("and %d more: not started: the pull quota is used up and allows more within 6 hours, "+
		"by 2026-01-01 06:00 UTC: ", images-pulled-based-1), "Docker Hub's window, as the engine shows no header")
	assert.Contains(t, told[0], "You have reached your pull rate limit", "the hub's own words")
	assert.Contains(t, told[0], "run the same command again later")

	official.left, official.asked = images, 0
	result, err = runner.Run(context.Background(), planned)
	require.NoError(t, err)
	assert.Empty(t, result.Failed(), "the next run does the rest")
	assert.Equal(t, images-pulled-based, result.Count(manifest.StatusBuilt))
	assert.Equal(t, images-pulled-based, official.asked, "with a pull for each, and none for what is there")
}

// TestAUsedUpPullQuotaForBaseImages: composing an agent image reads its base image.
func TestAUsedUpPullQuotaForBaseImages(t *testing.T) {
	const images, workers = 40, 3
	refuse := map[string][]error{}
	plan := planOf(images)
	for _, item := range plan.Items[20:] {
		refuse[item.Agent] = []error{errPulls}
	}
	registry := withBases(images, refuse)
	result, err := Runner{Publisher: registry, Registry: registry, MaxWorkers: workers, clock: clocktest.New()}.Run(context.Background(), plan)
	require.NoError(t, err)
	assert.LessOrEqual(t, 20-workers, result.Count(manifest.StatusBuilt))
	assert.Len(t, manifest.Failures(result.Failed()), 1)
}

func TestPinStopsAtAUsedUpPullQuota(t *testing.T) {
	const workers = 3
	official := &pulls{left: 5}
	_, err := Runner{Official: official, MaxWorkers: workers, clock: clocktest.New()}.Pin(context.Background(), planOf(60))
	require.ErrorContains(t, err, "the pull quota is used up and allows more within 6 hours, by 2026-01-01 06:00 UTC: ")
	require.ErrorContains(t, err, "You have reached your pull rate limit")
	assert.LessOrEqual(t, official.asked, 5+workers)
	assert.LessOrEqual(t, strings.Count(err.Error(), "pull rate limit"), workers)
}

// quotaError is a registry's answer that its quota is used up, with the times that it named.
type quotaError struct{ again, window time.Duration }

func (quotaError) Error() string { return "429" }
func (q quotaError) Cause() classify.Result {
	return classify.Result{Class: classify.Spent, Again: q.again, Window: q.window}
}

// TestWhenTheQuotaGoesOn: at the time that the registry named, or within the time that it counts
// over. All images that were not started have the time that was known first.
func TestWhenTheQuotaGoesOn(t *testing.T) {
	for want, quota := range map[string]quotaError{
		"the pull quota is used up until 2026-01-01 04:20 UTC: 429":                                 {12000 * time.Second, 6 * time.Hour},
		"the pull quota is used up until 2026-01-01 01:01 UTC: 429":                                 {time.Second, 0},
		"the pull quota is used up until 2026-01-02 07:00 UTC: 429":                                 {30 * time.Hour, 0},
		"the pull quota is used up and allows more within 1 hour, by 2026-01-01 02:00 UTC: 429":     {0, time.Hour},
		"the pull quota is used up and allows more within 2 hours, by 2026-01-01 02:30 UTC: 429":    {0, 90 * time.Minute},
		"the pull quota is used up and allows more within 30 minutes, by 2026-01-01 01:30 UTC: 429": {0, 30 * time.Minute},
		"the pull quota is used up: 429":                                                            {},
	} {
		t.Run(want, func(t *testing.T) {
			clock, registry := clocktest.New(), withBuilder(nil)
			registry.onPublish = func(_ context.Context, image plan.Image) error {
				if image.Phase != plan.PhaseBase {
					return nil
				}
				clock.Advance(time.Hour) // The answer counts, not when the image was begun, and the first one.
				return quota
			}
			planned := planOf(3)
			result, err := Runner{Publisher: registry, Registry: registry, MaxWorkers: 1, clock: clock, Timeout: clocktest.Ages}.Run(context.Background(), planned)
			require.NoError(t, err)
			for i, record := range result.Images {
				assert.Equal(t, fmt.Sprintf("assemble i%d: not started: %s", i, want), string(record.Error))
			}
			assert.Len(t, manifest.Failures(result.Failed()), 1)
		})
	}
}
