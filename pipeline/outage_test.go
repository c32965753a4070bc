package pipeline

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/reference"
)

// unreachable is what a publication meets while the registry is away.
func unreachable(reference string) error {
	return &PushError{Reference: reference, Err: errors.New("dial tcp 10.0.0.1:443: connect: connection refused")}
}

// untilAllSleep holds the first ones who sleep until all of so many do: none has slept enough before the others
// have met the same.
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

// outageOf is a registry with all base images that is away for a time, from when so many agent images were
// published. Those that are in work then meet that together.
func outageOf(clock *fakeClock, images, after int, lasts time.Duration) *fakeRegistry {
	registry := withBases(images, nil)
	var mu sync.Mutex
	several := sync.NewCond(&mu)
	var until time.Time
	done, met := 0, map[string]bool{}
	clock.onSleep = untilAllSleep(DefaultMaxWorkers)
	registry.onPublish = func(_ context.Context, image Image) error {
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
		for len(met) < outageImages {
			several.Wait()
		}
		return unreachable(image.Reference)
	}
	return registry
}

func TestARegistryThatIsAwayForAWhileCostsNoImage(t *testing.T) {
	for _, lasts := range []time.Duration{time.Second, 30 * time.Second, 50 * time.Second} {
		t.Run(lasts.String(), func(t *testing.T) {
			clock := newFakeClock()
			registry := outageOf(clock, 100, 20, lasts)
			result, err := Runner{Publisher: registry, Registry: registry, clock: clock, Timeout: ages}.Run(context.Background(), planOf(100))
			require.NoError(t, err)
			assert.Equal(t, 100, result.Count(StatusBuilt), "%v", statuses(result.Images))
		})
	}
}

func TestARegistryThatStaysAwayIsWaitedForOnce(t *testing.T) {
	clock := newFakeClock()
	started := clock.Now()
	registry := outageOf(clock, 100, 20, 1000*time.Hour)
	result, err := Runner{Publisher: registry, Registry: registry, clock: clock, Timeout: ages}.Run(context.Background(), planOf(100))
	require.NoError(t, err)
	assert.Equal(t, 20, result.Count(StatusBuilt))
	assert.Equal(t, 80, result.Count(StatusFailed))
	for _, record := range result.Failed() {
		assert.Contains(t, string(record.Error), "connection refused")
		assert.NotContains(t, string(record.Error), "not started")
	}
	// Two minutes, give or take half, and then 2 s for each image's second attempt.
	assert.Less(t, clock.Now().Sub(started), 3*time.Minute+80*3*time.Second)
}

// vanishing is a registry that answers the check, and from then on nothing: each request hangs until its time is over.
type vanishing struct {
	*fakeRegistry
	clock    *fakeClock
	vanished atomic.Bool
	hung     atomic.Int32
	// requests says that each goes through [Send], as those of the direct publisher do.
	requests bool
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
	if v.requests {
		return Send(ctx, reference.DockerHub, kind, request)
	}
	return request()
}

func (v *vanishing) Find(ctx context.Context, reference string) (Found, error) {
	if err := v.answer(ctx, "GET"); err != nil {
		return Found{}, err
	}
	return v.fakeRegistry.Find(ctx, reference)
}

func (v *vanishing) Publish(ctx context.Context, image Image) (Published, error) {
	if image.Phase == PhaseAssemble {
		v.vanished.Store(true)
	}
	if err := v.answer(ctx, "PUT"); err != nil {
		return Published{}, &PushError{Reference: image.Reference, Err: err}
	}
	return v.fakeRegistry.Publish(ctx, image)
}

// TestARunWhoseRegistryHangsForEverEnds: within minutes, however many images there are.
func TestARunWhoseRegistryHangsForEverEnds(t *testing.T) {
	const images = 1000
	for name, requests := range map[string]bool{"where an engine asks": false, "where each request is ours": true} {
		t.Run(name, func(t *testing.T) {
			clock := newFakeClock()
			v := &vanishing{fakeRegistry: withBases(images, nil), clock: clock, requests: requests}
			started := clock.Now()
			result, err := Runner{Publisher: v, Registry: v, clock: clock, Timeout: ages}.Run(context.Background(), planOf(images))
			require.NoError(t, err)
			assert.Equal(t, images, result.Count(StatusFailed))
			last := string(result.Images[images-1].Error)
			assert.Contains(t, last, "not started: the run ended early: the registry has been unavailable for more than 15 minutes: ")
			assert.Contains(t, last, "no answer within 1m0s\n  → "+adviceNoAnswer)
			// This clock lets the twelve workers hang one after the other.
			assert.Less(t, clock.Now().Sub(started), DefaultMaxWorkers*30*time.Minute)
			t.Logf("%d requests, %s", v.hung.Load(), clock.Now().Sub(started))
		})
	}
}

// TestARegistryThatComesBackIsNotLost: what succeeds after all pauses lets the run go on.
func TestARegistryThatComesBackIsNotLost(t *testing.T) {
	clock := newFakeClock()
	b, efforts := opened(t, clock)
	for range DefaultRetry.OutageWaits {
		b.unavailable(DefaultRetry, enter(t, b), "assemble", efforts[0])
	}
	assert.False(t, b.lost(DefaultRetry), "it may come back")
	clock.advance(lostTime)
	assert.True(t, b.lost(DefaultRetry))
	b.succeeded(enter(t, b), "ask")
	assert.False(t, b.lost(DefaultRetry))
}

func TestARegistryThatNeverAnsweredIsNotWaitedFor(t *testing.T) {
	throttle := newThrottle(newFakeClock(), 12)
	for range 2 * outageImages {
		attempts, err := Retry{}.do(context.Background(), throttle, "ask", func(context.Context) error { return unreachable("r/base:x") })
		require.ErrorContains(t, err, "connection refused")
		assert.Equal(t, DefaultRetry.Attempts, attempts)
	}
}

func TestWhatIsNoOutage(t *testing.T) {
	refused := errors.New("500 Internal Server Error")
	retry := Retry{Attempts: 3, First: time.Second, Longest: time.Second, OutageWaits: 1000}.withDefaults()
	// tries says how often an image is tried that always fails, after these other images in this order.
	tries := func(others ...error) int {
		throttle := newThrottle(newFakeClock(), 12)
		once := retry
		once.Attempts = 1
		for _, err := range others {
			_, _ = once.do(context.Background(), throttle, "assemble", func(context.Context) error { return err })
		}
		attempts, err := retry.do(context.Background(), throttle, "assemble", func(context.Context) error { return refused })
		require.ErrorIs(t, err, refused)
		return attempts
	}
	assert.Equal(t, 3, tries(nil), "one image that fails, however often it is tried")
	assert.Equal(t, 3, tries(nil, refused), "two images that fail")
	assert.Equal(t, 3, tries(refused, nil, refused), "images that fail while others succeed")
	assert.Equal(t, 3, tries(nil, errors.New("exit code: 1"), errors.New("exit code: 1")), "commands that fail")
}

func TestAnOutageIsToldByKindsOfWork(t *testing.T) {
	away := errors.New("503 Service Unavailable")
	// last is how often the last of these is tried, if it fails; the others are each somebody else's.
	type work struct {
		kind string
		err  error
	}
	last := func(all ...work) (attempts int) {
		throttle := newThrottle(newFakeClock(), 12)
		for _, w := range all {
			attempts, _ = Retry{}.do(context.Background(), throttle, w.kind, func(context.Context) error { return w.err })
		}
		return attempts
	}
	waited := DefaultRetry.Attempts + DefaultRetry.OutageWaits
	assert.Equal(t, waited, last(work{"ask", nil}, work{"assemble", away}, work{"ask", nil}, work{"assemble", away}, work{"ask", nil}, work{"assemble", away}),
		"a registry that answers questions and takes nothing")
	assert.Equal(t, waited, last(work{"ask", nil}, work{"assemble", away}, work{"base", away}, work{"ask", away}), "a registry that answers nobody")
	assert.Equal(t, DefaultRetry.Attempts, last(work{"assemble", away}, work{"base", away}, work{"ask", nil}, work{"ask", away}), "a registry that answers questions")
}
