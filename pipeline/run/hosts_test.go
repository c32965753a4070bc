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
	"dagger/eval-images/pipeline/classify/classifytest"
	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
	"dagger/eval-images/reference"
)

// twoHosts is a run that publishes to ghcr.io. The first images of its plan have official images at
// Docker Hub and no base image yet; the others need nothing from Docker Hub.
type twoHosts struct {
	*fakeRegistry
	hub    int
	plan   plan.Plan
	others chan struct{} // closed once all other images are published
	one    chan struct{} // closed once one of the first is: Docker Hub has answered
}

func newTwoHosts(images, hub int) *twoHosts {
	run := &twoHosts{fakeRegistry: withBuilder(nil), hub: hub, plan: planOf(images), others: make(chan struct{}), one: make(chan struct{})}
	run.plan.Builder = "ghcr.io/builder:b"
	run.has[run.plan.Builder] = plan.Found{Digest: "sha256:bb"}
	for i := range run.plan.Items {
		item := &run.plan.Items[i]
		item.Base, item.Agent = fmt.Sprintf("ghcr.io/base:i%d", i), fmt.Sprintf("ghcr.io/agent:i%d", i)
		if i >= hub {
			item.Instance.OfficialImage = fmt.Sprintf("ghcr.io/official/i%d:latest", i)
			run.has[item.Base] = plan.Found{Digest: digestOf(item.Base)}
		}
	}
	var mu sync.Mutex
	var first sync.Once
	published := 0
	run.onPublish = func(_ context.Context, image plan.Image) error {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case image.Phase != plan.PhaseAssemble:
		case reference.Host(image.Official) == reference.DockerHub:
			first.Do(func() { close(run.one) })
		default:
			if published++; published == images-hub {
				close(run.others)
			}
		}
		return nil
	}
	return run
}

// officials answers as Docker Hub.
type officials struct {
	mu     sync.Mutex
	asked  int
	answer func(asked int) error
}

func (o *officials) Find(_ context.Context, reference string) (plan.Found, error) {
	o.mu.Lock()
	o.asked++
	asked := o.asked
	o.mu.Unlock()
	if err := o.answer(asked); err != nil {
		return plan.Found{}, err
	}
	return plan.Found{Digest: digestOf(reference)}, nil
}

// TestAFailingHostFailsOnlyTheImagesThatNeedIt: the images that need Docker Hub come first, and
// there are as many as workers. While they wait for Docker Hub, the others are published.
func TestAFailingHostFailsOnlyTheImagesThatNeedIt(t *testing.T) {
	const images, hub = 120, DefaultMaxWorkers
	limit, outage := classifytest.HubSays("429 Too Many Requests"), classifytest.HubSays("503 Service Unavailable")
	tests := map[string]struct {
		answer error
		lasts  time.Duration
		built  int
		why    string
	}{
		"a limit that ends":         {limit, time.Minute, images, ""},
		"a limit that does not end": {limit, 1000 * time.Hour, images - hub + 1, "the registry refused everything before and after 8 pauses: "},
		"an outage that ends":       {outage, 20 * time.Second, images, ""},
		"an outage that does not":   {outage, 1000 * time.Hour, images - hub + 1, "503 Service Unavailable"},
	}
	for name, test := range tests {
		for where, build := range map[string]bool{"when it is asked": false, "when the engine pulls": true} {
			t.Run(name+", "+where, func(t *testing.T) {
				clock, run := clocktest.New(), newTwoHosts(images, hub)
				met := untilAllSleep(hub - 1) // Each has met it before anybody has slept enough.
				clock.OnSleep = func() {
					met()
					<-run.others
				}
				until := clock.Now().Add(test.lasts)
				official := &officials{answer: func(asked int) error {
					if asked == 1 {
						return nil // A registry that never answered is not waited for.
					}
					<-run.one
					if clock.Now().Before(until) {
						return test.answer
					}
					return nil
				}}
				runner := Runner{Publisher: run, Registry: run, Official: official, clock: clock, Timeout: clocktest.Ages}
				if build {
					published := run.onPublish
					run.onPublish = func(ctx context.Context, image plan.Image) error {
						if image.Phase == plan.PhaseBase {
							if _, err := official.Find(ctx, image.Official); err != nil {
								return fmt.Errorf("building: %w", err)
							}
						}
						return published(ctx, image)
					}
					runner.Official = nil
				}
				result, err := runner.Run(context.Background(), run.plan)
				require.NoError(t, err)
				assert.Equal(t, test.built, result.Count(manifest.StatusBuilt), "%v", manifest.Failures(result.Failed()))
				for _, record := range result.Failed() {
					assert.Contains(t, string(record.Error), test.why)
					assert.Contains(t, string(record.Error), "auth.docker.io", "the hub's own words")
					assert.NotContains(t, string(record.Error), "the run ended early")
				}
				assert.Less(t, official.asked, 30*hub)
			})
		}
	}
}

// TestAHostThatWasGivenUpGetsNoMoreRequests: no image waits for it any more, and one line reports
// the images that failed with it.
func TestAHostThatWasGivenUpGetsNoMoreRequests(t *testing.T) {
	const hub, workers = 40, 3
	run, clock := newTwoHosts(hub+10, hub), clocktest.New()
	began := clock.Now()
	official := &officials{answer: func(int) error { return classifytest.HubSays("429 Too Many Requests") }}
	runner := Runner{Publisher: run, Registry: run, Official: official, MaxWorkers: workers, clock: clock, Timeout: clocktest.Ages}
	runner.Hosts = &throttle.Hosts{Retry: throttle.Retry{LimitFirst: time.Minute, LimitLongest: time.Minute, LimitWaits: 3}}
	result, err := runner.Run(context.Background(), run.plan)
	require.NoError(t, err)
	assert.Equal(t, 10, result.Count(manifest.StatusBuilt))
	told := manifest.Failures(result.Failed())
	last := told[len(told)-1]
	assert.Contains(t, strings.Join(told, "\n"), " more: not started: docker.io: the registry refused everything before and after 3 pauses: ")
	assert.Contains(t, last, "→ "+classify.AdviceWait)
	assert.Less(t, clock.Now().Sub(began), time.Hour, "the pauses are not those of each image")
}

// TestAHostThatStaysUnavailableIsGivenUp after a quarter of an hour.
func TestAHostThatStaysUnavailableIsGivenUp(t *testing.T) {
	const hub = 1000
	run, clock := newTwoHosts(hub+10, hub), clocktest.New()
	official := &officials{answer: func(asked int) error {
		if asked == 1 {
			return nil
		}
		clock.Advance(time.Minute)
		return classifytest.HubSays("no answer within 1m0s")
	}}
	runner := Runner{Publisher: run, Registry: run, Official: official, clock: clock, Timeout: clocktest.Ages}
	runner.MaxWorkers = 1 // Docker Hub answers the first before it is asked again.
	result, err := runner.Run(context.Background(), run.plan)
	require.NoError(t, err)
	assert.Equal(t, 11, result.Count(manifest.StatusBuilt))
	assert.Less(t, official.asked, 200)
	assert.Contains(t, strings.Join(manifest.Failures(result.Failed()), "\n"),
		" more: not started: docker.io: the registry has been unavailable for more than 15 minutes: ")
}

// TestARefusedPullDoesNotEndTheRun: an engine pulls the layers that it pushes, and reports both in
// one error.
func TestARefusedPullDoesNotEndTheRun(t *testing.T) {
	run := newTwoHosts(4, 1)
	published := run.onPublish
	run.onPublish = func(ctx context.Context, image plan.Image) error {
		if image.Phase == plan.PhaseBase {
			return &classify.PushError{Reference: image.Reference, Err: errors.New("failed to copy: httpReadSeeker: failed open: " +
				"unexpected status code https://registry-1.docker.io/v2/official/i0/blobs/sha256:0: 401 Unauthorized")}
		}
		return published(ctx, image)
	}
	result, err := Runner{Publisher: run, Registry: run, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1}.Run(context.Background(), run.plan)
	require.NoError(t, err)
	assert.Equal(t, []manifest.Status{manifest.StatusFailed, manifest.StatusBuilt, manifest.StatusBuilt, manifest.StatusBuilt}, statuses(result.Images))
}
