package pipeline

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// limited is a publication that the registry refuses for now.
func limited(reference string) error {
	return &PushError{Reference: reference, Err: errors.New("429 Too Many Requests")}
}

// withBases is a registry that has the builder and the base images of a plan of n.
func withBases(n int, fails map[string][]error) *fakeRegistry {
	registry := withBuilder(fails)
	for _, item := range planOf(n).Items {
		registry.has[item.Base] = Found{Digest: digestOf(item.Base)}
	}
	return registry
}

func TestALimitPausesAllWorkers(t *testing.T) {
	const workers = 3
	clock, registry := newFakeClock(), withBases(2*workers, nil)
	asleep, over, strayed := make(chan struct{}, 100), make(chan struct{}), make(chan string, 100)
	var closeOnce sync.Once
	closed := make(chan struct{})
	clock.onSleep = func() {
		closeOnce.Do(func() { close(closed) })
		asleep <- struct{}{}
		<-over
	}
	isOpen := func(door chan struct{}) bool {
		select {
		case <-door:
			return true
		default:
			return false
		}
	}
	var met sync.WaitGroup
	met.Add(workers)
	var first sync.Once
	registry.onPublish = func(_ context.Context, image Image) error {
		if isOpen(closed) && !isOpen(over) {
			strayed <- image.Reference
		}
		number := image.Instance.ID
		if number > "i2" {
			return nil
		}
		refuse := false
		first.Do(func() { refuse = true })
		if isOpen(over) {
			return nil // The one that was refused, once more.
		}
		met.Done()
		met.Wait() // All three are in work,
		if refuse {
			return limited(image.Reference) // one meets the limit,
		}
		<-closed // and the others end after that.
		return nil
	}
	ended := make(chan *Result)
	go func() {
		runner := Runner{
			Publisher: registry, Registry: registry, MaxWorkers: workers, clock: clock, Timeout: ages,
			Retry: Retry{LimitFirst: time.Hour, LimitLongest: time.Hour},
		}
		result, err := runner.Run(context.Background(), planOf(2*workers))
		assert.NoError(t, err)
		ended <- result
	}()
	for range workers {
		select {
		case <-asleep:
		case reference := <-strayed:
			t.Fatalf("%s is published during the pause", reference)
		case <-ended:
			t.Fatal("nobody waited")
		}
	}
	assert.Len(t, registry.published, workers-1, "what was in work went on, and nothing new began")
	close(over)
	result := <-ended
	assert.Equal(t, 2*workers, result.Count(StatusBuilt))
	assert.Empty(t, strayed)
}

// refusals is n times the same answer.
func refusals(n int, err error) []error {
	all := make([]error, n)
	for i := range all {
		all[i] = err
	}
	return all
}

func TestPausesGrow(t *testing.T) {
	retry := Retry{
		Attempts: 6, First: 2 * time.Second, Longest: 20 * time.Second,
		LimitFirst: 10 * time.Second, LimitLongest: 100 * time.Second, LimitWaits: 6,
	}
	tests := map[string]struct {
		err     error
		middles []time.Duration
	}{
		"after what may pass": {errors.New("connection reset by peer"), []time.Duration{2, 4, 8, 16, 20}},
		"after a limit":       {limited("r"), []time.Duration{10, 20, 40, 80, 100, 100}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			clock, fails := newFakeClock(), refusals(len(test.middles), test.err)
			_, err := retry.do(context.Background(), newThrottle(clock, 12), "ask", func(context.Context) error {
				if len(fails) == 0 {
					return nil
				}
				err := fails[0]
				fails = fails[1:]
				return err
			})
			require.NoError(t, err)
			require.Len(t, clock.slept, len(test.middles))
			for i, middle := range test.middles {
				assert.GreaterOrEqual(t, clock.slept[i], middle*time.Second/2, "pause %d", i+1)
				assert.Less(t, clock.slept[i], middle*time.Second*3/2, "pause %d", i+1)
			}
		})
	}
}

func TestPausesDifferByChance(t *testing.T) {
	below, above := 0, 0
	for range 100 {
		if backoff(2*time.Second, time.Minute, 1) < 2*time.Second {
			below++
		} else {
			above++
		}
	}
	assert.Positive(t, below, "those who failed together would come back together")
	assert.Positive(t, above)
}

// asksFor is a limit with the pause that the registry asks for.
type asksFor time.Duration

func (asksFor) Error() string  { return "429" }
func (a asksFor) Cause() Cause { return Cause{Kind: KindLimited, Wait: time.Duration(a)} }

func TestARegistryThatSaysHowLongIsGivenJustThat(t *testing.T) {
	for _, asked := range []time.Duration{215 * time.Millisecond, time.Hour} {
		clock, calls := newFakeClock(), 0
		_, err := Retry{}.do(context.Background(), newThrottle(clock, 12), "ask", func(context.Context) error {
			if calls++; calls == 1 {
				return asksFor(asked)
			}
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, []time.Duration{asked}, clock.slept)
	}
}

func TestARegistryThatRefusesEverythingEndsTheRun(t *testing.T) {
	forbidden := func(image Image) error {
		return &PushError{Reference: image.Reference, Err: errors.New("403 Forbidden")}
	}
	run := func(workers int, registry *fakeRegistry) (*Result, *fakeClock) {
		clock := newFakeClock()
		retry := Retry{LimitFirst: time.Minute, LimitLongest: time.Minute, LimitWaits: 3}
		result, err := Runner{Publisher: registry, Registry: registry, MaxWorkers: workers, Retry: retry, clock: clock, Timeout: ages}.Run(context.Background(), planOf(50))
		require.NoError(t, err)
		return result, clock
	}
	t.Run("after some pauses in a row, not after some for each image", func(t *testing.T) {
		registry := withBases(50, nil)
		registry.onPublish = func(_ context.Context, image Image) error { return forbidden(image) }
		result, _ := run(2, registry)
		assert.Equal(t, 50, result.Count(StatusFailed))
		last := string(result.Images[49].Error)
		assert.Contains(t, last, "not started: the run ended early: the registry refused everything before and after 3 pauses: publishing r/agent:i")
		assert.Contains(t, last, "403 Forbidden\n  → "+adviceRefused)
		assert.Less(t, len(registry.asked), 52+10, "few images were begun")
	})
	t.Run("sooner where the engine hides why, as that may be no limit", func(t *testing.T) {
		for text, pauses := range map[string]int{"403 Forbidden": DefaultRetry.DoubtfulWaits, "429 Too Many Requests": DefaultRetry.LimitWaits} {
			clock, calls := newFakeClock(), 0
			_, err := Retry{}.do(context.Background(), newThrottle(clock, 12), "builder", func(context.Context) error {
				calls++
				return &PushError{Reference: "r/builder:t", Err: errors.New(text)}
			})
			assert.Equal(t, KindFatal, CauseOf(err).Kind, text)
			assert.Equal(t, pauses+1, calls, text)
			assert.Len(t, clock.slept, pauses, text)
		}
	})
	t.Run("also where other kinds of work succeed", func(t *testing.T) {
		g := newThrottle(newFakeClock(), 12)
		_, err := Retry{LimitWaits: 3}.do(context.Background(), g, "assemble", func(context.Context) error {
			g.limiter.succeeded("base")
			return errors.New("403 Forbidden")
		})
		assert.Equal(t, KindFatal, CauseOf(err).Kind)
	})
	t.Run("but a success in between counts anew", func(t *testing.T) {
		registry := withBases(50, nil)
		published := map[string]int{}
		registry.onPublish = func(_ context.Context, image Image) error {
			if published[image.Reference]++; published[image.Reference] <= 2 {
				return limited(image.Reference) // Each image waits twice.
			}
			return nil
		}
		result, clock := run(1, registry)
		assert.Equal(t, 50, result.Count(StatusBuilt))
		assert.Greater(t, len(clock.slept), 3)
	})
}

func TestPausesInARow(t *testing.T) {
	clock := newFakeClock()
	g, began := newLimiter(clock, 12), clock.Now()
	assert.Equal(t, 1, g.pause("assemble", began, time.Minute))
	assert.Equal(t, 1, g.pause("assemble", began, time.Minute), "work that was under way met the same limit")
	goThrough(t, g)
	assert.Equal(t, 2, g.pause("assemble", clock.Now(), time.Minute))
	g.succeeded("ask")
	goThrough(t, g)
	assert.Equal(t, 3, g.pause("assemble", clock.Now(), time.Minute), "that it may be read says nothing about pushing")
	g.succeeded("assemble")
	goThrough(t, g)
	assert.Equal(t, 1, g.pause("assemble", clock.Now(), time.Minute))
}

// goThrough goes through a limiter as soon as it lets.
func goThrough(t *testing.T, g *limiter) {
	t.Helper()
	require.NoError(t, g.enter(context.Background(), &g.working))
	g.leave(&g.working)
}
