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
	"dagger/eval-images/reference"
)

// unreachable is the error of a publication while the registry is unavailable.
func unreachable(reference string) error {
	return &classify.PushError{Reference: reference, Err: errors.New("dial tcp 10.0.0.1:443: connect: connection refused")}
}

// untilAllSleep blocks the first sleepers until that many sleep: none wakes before the others have
// met the same fault.
func untilAllSleep(workers int) func() {
	var mu sync.Mutex
	sleepers, all := 0, make(chan struct{})
	return func() {
		mu.Lock()
		if sleepers++; sleepers == workers {
			close(all)
		}
		mu.Unlock()
		<-all
	}
}

// outageOf is a registry with all base images that becomes unavailable for a time, once that many
// agent images were published. All images in progress meet the outage together.
func outageOf(clock *clocktest.Fake, images, after int, lasts time.Duration) *fakeRegistry {
	registry := withBases(images, nil)
	var mu sync.Mutex
	several := sync.NewCond(&mu)
	var until time.Time
	done, met := 0, map[string]bool{}
	clock.OnSleep = untilAllSleep(DefaultMaxWorkers)
	registry.onPublish = func(_ context.Context, image plan.Image) error {
		mu.Lock()
		defer mu.Unlock()
		if done == after && until.IsZero() {
			until = clock.Now().Add(lasts)
		}
		if !clock.Now().Before(until) {
			done++
			return nil
		}
		met[image.Reference] = true
		several.Broadcast()
		for len(met) < throttle.OutageImages {
			several.Wait()
		}
		return unreachable(image.Reference)
	}
	return registry
}

func TestAShortOutageFailsNoImage(t *testing.T) {
	for _, lasts := range []time.Duration{time.Second, 30 * time.Second, 50 * time.Second} {
		t.Run(lasts.String(), func(t *testing.T) {
			clock := clocktest.New()
			registry := outageOf(clock, 100, 20, lasts)
			result, err := Runner{Publisher: registry, Registry: registry, clock: clock, Timeout: clocktest.Ages}.Run(context.Background(), planOf(100))
			require.NoError(t, err)
			assert.Equal(t, 100, result.Count(manifest.StatusBuilt), "%v", statuses(result.Images))
		})
	}
}

func TestTheRunWaitsOnceForARegistryThatStaysUnavailable(t *testing.T) {
	clock := clocktest.New()
	started := clock.Now()
	registry := outageOf(clock, 100, 20, 1000*time.Hour)
	result, err := Runner{Publisher: registry, Registry: registry, clock: clock, Timeout: clocktest.Ages}.Run(context.Background(), planOf(100))
	require.NoError(t, err)
	assert.Equal(t, 20, result.Count(manifest.StatusBuilt))
	assert.Equal(t, 80, result.Count(manifest.StatusFailed))
	for _, record := range result.Failed() {
		assert.Contains(t, string(record.Error), "connection refused")
		assert.NotContains(t, string(record.Error), "not started")
	}
	// Two minutes, plus or minus half, and then 2 s for each image's second attempt.
	assert.Less(t, clock.Now().Sub(started), 3*time.Minute+80*3*time.Second)
}

// vanishing is a registry that answers the check, and nothing after that: each request hangs until
// its time is over.
type vanishing struct {
	*fakeRegistry
	clock    *clocktest.Fake
	vanished atomic.Bool
	hung     atomic.Int32
	// hosts send each request, as for the direct publisher. Nil: each is sent at once, as by an
	// engine.
	hosts *throttle.Hosts
}

func (v *vanishing) answer(ctx context.Context, kind string) error {
	request := func() error {
		if !v.vanished.Load() {
			return nil
		}
		v.hung.Add(1)
		_ = v.clock.Sleep(ctx, time.Minute)
		return errors.New("no answer within 1m0s")
	}
	if v.hosts != nil {
		return v.hosts.Send(ctx, reference.DockerHub, kind, request)
	}
	return request()
}

func (v *vanishing) Find(ctx context.Context, reference string) (plan.Found, error) {
	if err := v.answer(ctx, "GET"); err != nil {
		return plan.Found{}, err
	}
	return v.fakeRegistry.Find(ctx, reference)
}

func (v *vanishing) Publish(ctx context.Context, image plan.Image) (Published, error) {
	if image.Phase == plan.PhaseAssemble {
		v.vanished.Store(true)
	}
	if err := v.answer(ctx, "PUT"); err != nil {
		return Published{}, &classify.PushError{Reference: image.Reference, Err: err}
	}
	return v.fakeRegistry.Publish(ctx, image)
}

// TestARegistryThatHangsForeverEndsTheRun: within minutes, however many images there are.
func TestARegistryThatHangsForeverEndsTheRun(t *testing.T) {
	const images = 1000
	for name, hosts := range map[string]*throttle.Hosts{"where an engine asks": nil, "where each request is ours": new(throttle.Hosts)} {
		t.Run(name, func(t *testing.T) {
			clock := clocktest.New()
			v := &vanishing{fakeRegistry: withBases(images, nil), clock: clock, hosts: hosts}
			started := clock.Now()
			result, err := Runner{Publisher: v, Registry: v, Hosts: hosts, clock: clock, Timeout: clocktest.Ages}.Run(context.Background(), planOf(images))
			require.NoError(t, err)
			assert.Equal(t, images, result.Count(manifest.StatusFailed))
			last := string(result.Images[images-1].Error)
			assert.Contains(t, last, "not started: the run ended early: the registry has been unavailable for more than 15 minutes: ")
			assert.Contains(t, last, "no answer within 1m0s\n  → "+classify.AdviceNoAnswer)
			// On this clock the twelve workers hang one after another.
			assert.Less(t, clock.Now().Sub(started), DefaultMaxWorkers*30*time.Minute)
			t.Logf("%d requests, %s", v.hung.Load(), clock.Now().Sub(started))
		})
	}
}
