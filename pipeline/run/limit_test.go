package run

import (
	"context"
	"errors"
	"sync"
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

// limited is a publication that the registry refuses for now.
func limited(reference string) error {
	return &classify.PushError{Reference: reference, Err: errors.New("429 Too Many Requests")}
}

// withBases returns a registry that has the builder and the base images of a plan of n.
func withBases(n int, fails map[string][]error) *fakeRegistry {
	registry := withBuilder(fails)
	for _, item := range planOf(n).Items {
		registry.has[item.Base] = plan.Found{Digest: digestOf(item.Base)}
	}
	return registry
}

func TestALimitPausesAllWorkers(t *testing.T) {
	const workers = 3
	clock, registry := clocktest.New(), withBases(2*workers, nil)
	asleep, over, strayed := make(chan struct{}, 100), make(chan struct{}), make(chan string, 100)
	var closeOnce sync.Once
	closed := make(chan struct{})
	clock.OnSleep = func() {
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
	registry.onPublish = func(_ context.Context, image plan.Image) error {
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
		met.Wait() // All three are in progress,
		if refuse {
			return limited(image.Reference) // one meets the limit,
		}
		<-closed // and the others end after that.
		return nil
	}
	ended := make(chan *manifest.Result)
	go func() {
		runner := Runner{
			Publisher: registry, Registry: registry, MaxWorkers: workers, clock: clock, Timeout: clocktest.Ages,
			Hosts: &throttle.Hosts{Retry: throttle.Retry{LimitFirst: time.Hour, LimitLongest: time.Hour}},
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
	assert.Len(t, registry.published, workers-1, "work in progress went on, and nothing new began")
	close(over)
	result := <-ended
	assert.Equal(t, 2*workers, result.Count(manifest.StatusBuilt))
	assert.Empty(t, strayed)
}

// refusals returns the same answer n times.
func refusals(n int, err error) []error {
	all := make([]error, n)
	for i := range all {
		all[i] = err
	}
	return all
}

func TestARegistryThatRefusesEverythingEndsTheRun(t *testing.T) {
	forbidden := func(image plan.Image) error {
		return &classify.PushError{Reference: image.Reference, Err: errors.New("403 Forbidden")}
	}
	run := func(workers int, registry *fakeRegistry) (*manifest.Result, *clocktest.Fake) {
		clock := clocktest.New()
		retry := throttle.Retry{LimitFirst: time.Minute, LimitLongest: time.Minute, LimitWaits: 3}
		result, err := Runner{Publisher: registry, Registry: registry, MaxWorkers: workers, Hosts: &throttle.Hosts{Retry: retry}, clock: clock, Timeout: clocktest.Ages}.Run(context.Background(), planOf(50))
		require.NoError(t, err)
		return result, clock
	}
	t.Run("after some pauses in a row, not after some for each image", func(t *testing.T) {
		registry := withBases(50, nil)
		registry.onPublish = func(_ context.Context, image plan.Image) error { return forbidden(image) }
		result, _ := run(2, registry)
		assert.Equal(t, 50, result.Count(manifest.StatusFailed))
		last := string(result.Images[49].Error)
		assert.Contains(t, last, "not started: the run ended early: the registry refused everything before and after 3 pauses: publishing r/agent:i")
		assert.Contains(t, last, "403 Forbidden\n  → "+classify.AdviceRefused)
		assert.Less(t, len(registry.asked), 52+10, "few images were begun")
	})
	t.Run("sooner where the engine hides why, as that may be no limit", func(t *testing.T) {
		for text, pauses := range map[string]int{"403 Forbidden": throttle.DefaultRetry.DoubtfulWaits, "429 Too Many Requests": throttle.DefaultRetry.LimitWaits} {
			clock, calls := clocktest.New(), 0
			hosts := new(throttle.Hosts)
			hosts.Start(clock, 12, nil, nil)
			_, err := hosts.Do(context.Background(), "builder", []string{reference.DockerHub}, func(context.Context) error {
				calls++
				return &classify.PushError{Reference: "r/builder:t", Err: errors.New(text)}
			})
			assert.Equal(t, classify.Fatal, classify.Of(err).Class, text)
			assert.Equal(t, pauses+1, calls, text)
			assert.Len(t, clock.Slept, pauses, text)
		}
	})
	t.Run("but a success in between counts anew", func(t *testing.T) {
		registry := withBases(50, nil)
		published := map[string]int{}
		registry.onPublish = func(_ context.Context, image plan.Image) error {
			if published[image.Reference]++; published[image.Reference] <= 2 {
				return limited(image.Reference) // Each image waits twice.
			}
			return nil
		}
		result, clock := run(1, registry)
		assert.Equal(t, 50, result.Count(manifest.StatusBuilt))
		assert.Greater(t, len(clock.Slept), 3)
	})
}
