package stopwatch

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// handClock advances when told to, and calls due functions before it returns.
type handClock struct {
	now    time.Time
	timers map[int]timer
	next   int
}

type timer struct {
	at time.Time
	f  func()
}

func newHandClock() *handClock { return &handClock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

func (c *handClock) Now() time.Time { return c.now }

func (c *handClock) AfterFunc(d time.Duration, f func()) (stop func()) {
	if c.timers == nil {
		c.timers = map[int]timer{}
	}
	c.next++
	id := c.next
	c.timers[id] = timer{c.now.Add(d), f}
	return func() { delete(c.timers, id) }
}

func (c *handClock) advance(d time.Duration) {
	c.now = c.now.Add(d)
	for id, t := range c.timers {
		if !t.at.After(c.now) {
			delete(c.timers, id)
			t.f()
		}
	}
}

func TestTheClockStandsStillWhileItIsPaused(t *testing.T) {
	clock := newHandClock()
	ctx, cancel := WithTimeout(context.Background(), clock, time.Minute)
	defer cancel()

	clock.advance(59 * time.Second)
	resume := Pause(ctx)
	clock.advance(time.Hour)
	require.NoError(t, ctx.Err())
	inner := Pause(context.WithoutCancel(ctx))
	clock.advance(time.Hour)
	inner()
	clock.advance(time.Hour)
	require.NoError(t, ctx.Err(), "the outer pause goes on")
	resume()
	clock.advance(time.Second - 1)
	require.NoError(t, ctx.Err())
	clock.advance(1)

	require.Error(t, ctx.Err())
	cause := context.Cause(ctx)
	assert.EqualError(t, cause, "took longer than 1m0s, not counting 3h0m0s of waiting")
	require.ErrorIs(t, cause, context.DeadlineExceeded)
	assert.NotErrorIs(t, cause, context.Canceled)
	assert.Equal(t, &TimeoutError{Limit: time.Minute, Waited: 3 * time.Hour}, cause)
}

func TestWorkWithoutWaitsGetsItsWholeTime(t *testing.T) {
	clock := newHandClock()
	ctx, cancel := WithTimeout(context.Background(), clock, time.Minute)
	defer cancel()
	clock.advance(time.Minute - 1)
	require.NoError(t, ctx.Err())
	clock.advance(1)
	assert.EqualError(t, context.Cause(ctx), "took longer than 1m0s")
}

func TestPausesOverlap(t *testing.T) {
	clock := newHandClock()
	ctx, cancel := WithTimeout(context.Background(), clock, time.Minute)
	defer cancel()
	first, second := Pause(ctx), Pause(ctx)
	first()
	clock.advance(time.Hour)
	require.NoError(t, ctx.Err(), "the second still waits")
	second()
	for range 100 {
		Pause(ctx)()
		clock.advance(time.Second / 2)
		Pause(ctx)()
	}
	require.NoError(t, ctx.Err())
	clock.advance(10 * time.Second)
	require.Error(t, ctx.Err(), "a pause takes no time away")
}

// A timer may be firing while it is stopped: its call must not end the work.
func TestALateTimerDoesNotEndTheWork(t *testing.T) {
	clock := newHandClock()
	ctx, cancel := WithTimeout(context.Background(), clock, time.Minute)
	defer cancel()
	late := clock.timers[1].f
	clock.now = clock.now.Add(time.Minute)
	resume := Pause(ctx)
	late()
	require.NoError(t, ctx.Err(), "paused")
	resume()
	require.NoError(t, ctx.Err())
	clock.advance(0)
	require.Error(t, ctx.Err(), "no time is left")

	clock = newHandClock()
	ctx, cancel = WithTimeout(context.Background(), clock, time.Minute)
	defer cancel()
	late = clock.timers[1].f
	resume = Pause(ctx)
	clock.now = clock.now.Add(time.Minute)
	resume()
	late()
	require.NoError(t, ctx.Err(), "a whole minute is left")
}

func TestWorkThatEndsLeavesNoTimer(t *testing.T) {
	clock := newHandClock()
	ctx, cancel := WithTimeout(context.Background(), clock, time.Minute)
	Pause(ctx)()
	Pause(ctx)()
	assert.Len(t, clock.timers, 1)
	cancel()
	cancel()
	assert.Empty(t, clock.timers)
	require.ErrorIs(t, context.Cause(ctx), context.Canceled)
}

func TestTheEndOfTheParentIsNoTimeout(t *testing.T) {
	above, stop := context.WithCancelCause(context.Background())
	ctx, cancel := WithTimeout(above, newHandClock(), time.Minute)
	defer cancel()
	stop(errors.New("told to stop"))
	<-ctx.Done()
	assert.EqualError(t, context.Cause(ctx), "told to stop")
}

func TestWithoutATimeoutThereIsNothingToPause(t *testing.T) {
	Pause(context.Background())()
}

// Several goroutines of one piece of work wait concurrently, for the race detector.
func TestConcurrentPauses(t *testing.T) {
	ctx, cancel := WithTimeout(context.Background(), system{}, time.Hour)
	defer cancel()
	var all sync.WaitGroup
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 100 {
				Pause(ctx)()
			}
		}()
	}
	all.Wait()
	w := ctx.Value(key{}).(*watch)
	assert.Zero(t, w.pauses)
	assert.NotNil(t, w.stop, "the clock goes on")
	assert.NoError(t, ctx.Err())
}

// system is the machine's clock.
type system struct{}

func (system) Now() time.Time { return time.Now() }

func (system) AfterFunc(d time.Duration, f func()) (stop func()) {
	timer := time.AfterFunc(d, f)
	return func() { timer.Stop() }
}
