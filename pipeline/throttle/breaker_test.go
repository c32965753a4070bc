package throttle

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/clock/clocktest"
)

// answering is a breaker of a registry that has answered once.
func answering(clock *clocktest.Fake) *breaker {
	b := newBreaker(clock, DefaultRetry)
	b.succeeded(&pass{begun: clock.Now()}, "assemble")
	clock.Advance(time.Second)
	return b
}

// opened is a breaker that has just opened, for these efforts.
func opened(t *testing.T, clock *clocktest.Fake) (*breaker, []*effort) {
	t.Helper()
	b, efforts := answering(clock), []*effort{new(effort), new(effort), new(effort)}
	for i, who := range efforts {
		require.Equal(t, i == 2, b.unavailable(enter(t, b), "assemble", who), "one or two may have a trouble of their own")
	}
	require.True(t, b.open)
	return b, efforts
}

// enter goes through a breaker, as one who was not refused before.
func enter(t *testing.T, b *breaker) *pass {
	t.Helper()
	p, err := b.enter(context.Background(), false)
	require.NoError(t, err)
	return p
}

func TestABreakerOpensForLongerAndLongerUntilAProbeSucceeds(t *testing.T) {
	clock := clocktest.New()
	b, efforts := opened(t, clock)
	middles := []time.Duration{2, 4, 8, 16, 32, 60}
	for i, middle := range middles {
		clock.Slept = nil
		probe := enter(t, b)
		require.Len(t, clock.Slept, 1)
		assert.GreaterOrEqual(t, clock.Slept[0], middle*time.Second/2, "pause %d", i+1)
		assert.Less(t, clock.Slept[0], middle*time.Second*3/2, "pause %d", i+1)
		assert.Equal(t, i+1 < len(middles), b.unavailable(probe, "assemble", efforts[0]), "pause %d", i+1)
	}
	t.Run("and then it stays closed: what fails is its image's", func(t *testing.T) {
		clock.Slept = nil
		for _, kind := range []string{"assemble", "base", "ask"} {
			for range OutageImages {
				assert.False(t, b.unavailable(enter(t, b), kind, new(effort)), kind)
			}
		}
		assert.Empty(t, clock.Slept)
	})
	t.Run("until something succeeds: the next outage is waited for as the first one was", func(t *testing.T) {
		b.succeeded(enter(t, b), "assemble")
		for i, who := range efforts {
			assert.Equal(t, i == 2, b.unavailable(enter(t, b), "assemble", who))
		}
		enter(t, b)
		require.Len(t, clock.Slept, 1)
		assert.Less(t, clock.Slept[0], 3*time.Second)
	})
}

func TestWhatDoesNotOpenABreaker(t *testing.T) {
	type end struct {
		kind string
		who  int
		ok   bool
	}
	tests := map[string]struct {
		never bool
		ends  []end
		opens bool
	}{
		"three images in a row do":                               {false, []end{{"a", 1, false}, {"a", 2, false}, {"a", 3, false}}, true},
		"one image, however often":                               {false, []end{{"a", 1, false}, {"a", 1, false}, {"a", 1, false}, {"a", 1, false}}, false},
		"three with a success in between":                        {false, []end{{"a", 1, false}, {"a", 2, false}, {"a", 4, true}, {"a", 3, false}}, false},
		"three do, if what succeeds is of another kind":          {false, []end{{"a", 1, false}, {"a", 2, false}, {"b", 4, true}, {"a", 3, false}}, true},
		"three do, whatever the kinds":                           {false, []end{{"a", 1, false}, {"b", 2, false}, {"a", 3, false}}, true},
		"three at an address where nothing ever answered":        {true, []end{{"a", 1, false}, {"a", 2, false}, {"a", 3, false}, {"a", 4, false}}, false},
		"three do, if the registry answered anything in the run": {true, []end{{"b", 4, true}, {"a", 1, false}, {"a", 2, false}, {"a", 3, false}}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			clock := clocktest.New()
			b, efforts := newBreaker(clock, DefaultRetry), [5]effort{}
			if !test.never {
				b.succeeded(enter(t, b), "a")
				b.succeeded(enter(t, b), "b")
			}
			for _, end := range test.ends {
				if end.ok {
					b.succeeded(enter(t, b), end.kind)
				} else {
					b.unavailable(enter(t, b), end.kind, &efforts[end.who])
				}
			}
			assert.Equal(t, test.opens, b.open)
		})
	}
}

func TestWhatWasUnderWayWhenABreakerOpened(t *testing.T) {
	t.Run("does not close it by its success", func(t *testing.T) {
		clock := clocktest.New()
		b := answering(clock)
		before := enter(t, b)
		clock.Advance(time.Second)
		efforts := []*effort{new(effort), new(effort), new(effort)}
		for _, who := range efforts {
			b.unavailable(enter(t, b), "assemble", who)
		}
		clock.Advance(time.Minute)
		b.succeeded(before, "assemble")
		assert.True(t, b.open)
		assert.True(t, b.unavailable(enter(t, b), "assemble", efforts[0]), "the probe")
		assert.Equal(t, 2, b.pauses["assemble"])
	})
	t.Run("met the same outage by its failure, even if that is over, and makes no pause longer", func(t *testing.T) {
		clock := clocktest.New()
		b := answering(clock)
		one, two := enter(t, b), enter(t, b)
		clock.Advance(time.Second)
		for range OutageImages {
			b.unavailable(enter(t, b), "assemble", new(effort))
		}
		until := b.until
		assert.True(t, b.unavailable(one, "assemble", new(effort)))
		assert.Equal(t, until, b.until)
		b.succeeded(enter(t, b), "assemble")
		assert.True(t, b.unavailable(two, "assemble", new(effort)))
		assert.False(t, b.open)
		assert.False(t, b.unavailable(enter(t, b), "assemble", new(effort)), "what was begun after it did not")
	})
}

// counted is a context that counts those who wait under it.
type counted struct {
	context.Context
	waits chan struct{}
}

// Done is what those ask for who wait.
func (c counted) Done() <-chan struct{} {
	c.waits <- struct{}{}
	return c.Context.Done()
}

// crowd are those who wait at a breaker.
type crowd struct {
	ctx      counted
	through  chan *pass
	inside   atomic.Int32
	finished sync.WaitGroup
}

// crowdAt has so many wait at a breaker.
func crowdAt(b *breaker, n int, again bool) *crowd {
	c := &crowd{ctx: counted{context.Background(), make(chan struct{}, 10*n)}, through: make(chan *pass, n)}
	c.finished.Add(n)
	for range n {
		go func() {
			defer c.finished.Done()
			p, err := b.enter(c.ctx, again)
			if err == nil {
				c.inside.Add(1)
				c.through <- p
			}
		}()
	}
	return c
}

// wait returns when so many more wait for the probe.
func (c *crowd) wait(t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-c.ctx.waits:
		case <-c.through:
			require.Fail(t, "somebody goes through beside the probe")
		}
	}
}

func TestOneProbeAsksForAllWhoWait(t *testing.T) {
	const waiters = 50
	for name, again := range map[string]bool{"who were refused": true, "who have just come": false} {
		t.Run(name, func(t *testing.T) {
			clock := clocktest.New()
			b, _ := opened(t, clock)
			crowd := crowdAt(b, waiters, again)
			for n := 1; n <= 3; n++ {
				probe := <-crowd.through
				crowd.wait(t, waiters-n) // Each of the others has looked, and waits.
				assert.EqualValues(t, n, crowd.inside.Load(), "one went through")
				if n < 3 {
					require.True(t, b.unavailable(probe, "assemble", new(effort)))
					assert.Equal(t, n+1, b.pauses["assemble"])
					continue
				}
				b.succeeded(probe, "assemble")
			}
			crowd.finished.Wait()
			assert.EqualValues(t, waiters, crowd.inside.Load(), "its success lets all through")
			assert.False(t, b.open)
		})
	}
}

// TestWorkThatHasFailedIsTheProbe: others that have just come wait for it, even if it wakes up
// last.
func TestWorkThatHasFailedIsTheProbe(t *testing.T) {
	const others = 20
	// start has somebody wait who has failed before, and sleeps on when the others have slept
	// enough.
	start := func(t *testing.T) (b *breaker, crowd *crowd, failed chan *pass, stop, wake func()) {
		clock := clocktest.New()
		b, _ = opened(t, clock)
		ctx, stop := context.WithCancel(context.Background())
		failed = make(chan *pass, 1)
		asleep, held := make(chan struct{}), make(chan struct{})
		var first sync.Once
		clock.OnSleep = func() {
			first.Do(func() { close(asleep); <-held })
		}
		go func() {
			p, _ := b.enter(ctx, true)
			failed <- p
		}()
		<-asleep
		clock.OnSleep = nil
		crowd = crowdAt(b, others, false)
		crowd.wait(t, others)
		return b, crowd, failed, stop, func() { close(held) }
	}
	t.Run("and when it succeeds they go on", func(t *testing.T) {
		b, crowd, failed, stop, wake := start(t)
		defer stop()
		wake()
		b.succeeded(<-failed, "assemble")
		crowd.finished.Wait()
		assert.EqualValues(t, others, crowd.inside.Load())
	})
	t.Run("and when it is told to stop one of them is", func(t *testing.T) {
		b, crowd, failed, stop, wake := start(t)
		stop()
		wake()
		require.Nil(t, <-failed)
		b.succeeded(<-crowd.through, "assemble")
		crowd.finished.Wait()
	})
	t.Run("and when it is told to stop as the probe one of them is", func(t *testing.T) {
		b, crowd, failed, stop, wake := start(t)
		defer stop()
		wake()
		b.abandon(<-failed)
		next := <-crowd.through
		assert.True(t, b.unavailable(next, "ask", new(effort)))
		assert.Equal(t, 2, b.pauses["assemble"], "the pauses are those of what opened the breaker")
		b.succeeded(<-crowd.through, "assemble")
		crowd.finished.Wait()
	})
}

func TestWhoeverIsToldToStopDoesNotWaitForTheProbe(t *testing.T) {
	clock := clocktest.New()
	b, _ := opened(t, clock)
	enter(t, b)
	for _, again := range []bool{false, true} {
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() {
			_, err := b.enter(ctx, again)
			ended <- err
		}()
		stop()
		require.ErrorIs(t, <-ended, context.Canceled)
		assert.Zero(t, b.again)
	}
}

func TestWhatElseClosesABreaker(t *testing.T) {
	t.Run("a probe with another answer: the registry is there", func(t *testing.T) {
		clock := clocktest.New()
		b, efforts := opened(t, clock)
		b.responded(enter(t, b))
		assert.False(t, b.open)
		assert.True(t, b.unavailable(enter(t, b), "assemble", efforts[0]), "but it has not shown that it takes this kind of work")
		assert.Equal(t, 2, b.pauses["assemble"])
	})
	t.Run("a probe that takes longer than an outage's answer does", func(t *testing.T) {
		clock := clocktest.New()
		b, _ := opened(t, clock)
		probe := enter(t, b)
		crowd := crowdAt(b, 10, true)
		crowd.wait(t, 10)
		clock.Advance(probeTime)
		crowd.finished.Wait()
		assert.False(t, b.open)
		b.succeeded(probe, "assemble")
		assert.Zero(t, b.pauses["assemble"], "it still counts")
	})
	t.Run("but nobody else's success: it was begun before", func(t *testing.T) {
		clock := clocktest.New()
		b, _ := opened(t, clock)
		enter(t, b)
		b.succeeded(&pass{begun: b.until.Add(-time.Nanosecond)}, "assemble")
		assert.True(t, b.open)
	})
}
