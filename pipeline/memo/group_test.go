package memo

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/stopwatch"
)

func TestOneCallerDoesTheWorkForAll(t *testing.T) {
	var group Group[int]
	var worked, mine atomic.Int32
	hold := make(chan struct{})
	var all sync.WaitGroup
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			value, first, err := group.Do(context.Background(), "a", func() (int, error) {
				worked.Add(1)
				<-hold
				return 7, nil
			})
			assert.NoError(t, err)
			assert.Equal(t, 7, value)
			if first {
				mine.Add(1)
			}
		}()
	}
	close(hold)
	all.Wait()
	assert.EqualValues(t, 1, worked.Load())
	assert.EqualValues(t, 1, mine.Load())
}

func TestAnotherKeyLeavesTheFirstKnown(t *testing.T) {
	var group Group[string]
	ctx := context.Background()
	for _, key := range []string{"a", "b", "a", "b"} {
		value, _, err := group.Do(ctx, key, func() (string, error) { return "first " + key, nil })
		require.NoError(t, err)
		assert.Equal(t, "first "+key, value)
	}
	for _, key := range []string{"a", "b"} {
		_, mine, err := group.Do(ctx, key, func() (string, error) { return "", errors.New("done twice") })
		require.NoError(t, err)
		assert.False(t, mine)
	}
}

func TestAnotherCallerRetriesAfterAFailure(t *testing.T) {
	var group Group[string]
	begun, fail := make(chan struct{}), make(chan struct{})
	broken := errors.New("broken")
	first := make(chan error)
	go func() {
		_, _, err := group.Do(context.Background(), "a", func() (string, error) {
			close(begun)
			<-fail
			return "", broken
		})
		first <- err
	}()
	<-begun
	second := make(chan string)
	go func() {
		value, _, err := group.Do(context.Background(), "a", func() (string, error) { return "good", nil })
		assert.NoError(t, err)
		second <- value
	}()
	close(fail)
	require.ErrorIs(t, <-first, broken)
	assert.Equal(t, "good", <-second)
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	var group Group[int]
	begun, hold := make(chan struct{}), make(chan struct{})
	defer close(hold)
	go group.Do(context.Background(), "a", func() (int, error) {
		close(begun)
		<-hold
		return 0, nil
	})
	<-begun
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err := group.Do(ctx, "a", func() (int, error) { return 0, errors.New("not reached") })
	require.ErrorIs(t, err, context.Canceled)
	_, mine, err := group.Do(context.Background(), "b", func() (int, error) { return 1, nil })
	require.NoError(t, err)
	assert.True(t, mine, "another key is another piece of work")
}

// TestPanickingWorkDoesNotBlockCallers: waiting callers try the work themselves.
func TestPanickingWorkDoesNotBlockCallers(t *testing.T) {
	var group Group[int]
	begun, hold := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Add(1)
	go func() {
		defer all.Done()
		assert.Panics(t, func() {
			_, _, _ = group.Do(context.Background(), "a", func() (int, error) {
				close(begun)
				<-hold
				panic("of the work")
			})
		})
	}()
	<-begun
	close(hold)
	value, mine, err := group.Do(context.Background(), "a", func() (int, error) { return 7, nil })
	require.NoError(t, err)
	assert.True(t, mine)
	assert.Equal(t, 7, value)
	all.Wait()
}

// TestWorkThatExitsItsGoroutineDoesNotBlockCallers: a failing test does that.
func TestWorkThatExitsItsGoroutineDoesNotBlockCallers(t *testing.T) {
	var group Group[int]
	begun, hold := make(chan struct{}), make(chan struct{})
	go group.Do(context.Background(), "a", func() (int, error) {
		close(begun)
		<-hold
		runtime.Goexit()
		return 0, nil
	})
	<-begun
	close(hold)
	value, mine, err := group.Do(context.Background(), "a", func() (int, error) { return 7, nil })
	require.NoError(t, err)
	assert.True(t, mine)
	assert.Equal(t, 7, value)
}

// TestWaitingStopsTheClock: time spent waiting for another caller's work does not count.
func TestWaitingStopsTheClock(t *testing.T) {
	var group Group[int]
	clock := &handClock{armed: make(chan struct{}, 10), stopped: make(chan struct{}, 10)}
	ctx, cancel := stopwatch.WithTimeout(context.Background(), clock, time.Minute)
	defer cancel()
	<-clock.armed
	begun, hold := make(chan struct{}), make(chan struct{})
	go group.Do(context.Background(), "a", func() (int, error) {
		close(begun)
		<-hold
		return 7, nil
	})
	<-begun
	waited := make(chan int)
	go func() {
		value, _, err := group.Do(ctx, "a", func() (int, error) { return 0, errors.New("not reached") })
		assert.NoError(t, err)
		waited <- value
	}()
	<-clock.stopped
	close(hold)
	assert.Equal(t, 7, <-waited)
	assert.Len(t, clock.armed, 1, "it goes on")

	_, mine, err := group.Do(ctx, "b", func() (int, error) { return 0, nil })
	require.NoError(t, err)
	assert.True(t, mine)
	assert.Empty(t, clock.stopped, "it goes on during one's own work")
}

// handClock signals when a timer starts, and when one is stopped.
type handClock struct{ armed, stopped chan struct{} }

func (c *handClock) Now() time.Time { return time.Time{} }

func (c *handClock) AfterFunc(time.Duration, func()) (stop func()) {
	c.armed <- struct{}{}
	return func() { c.stopped <- struct{}{} }
}

// TestCallersTryConcurrentlyAfterTwoFailures: work that failed twice probably fails for all.
func TestCallersTryConcurrentlyAfterTwoFailures(t *testing.T) {
	const rest = 5
	broken := errors.New("broken")
	fail := func() (int, error) { return 0, broken }
	for name, test := range map[string]struct {
		oneByOne bool
		most     int
	}{
		"the remaining callers try concurrently": {false, rest},
		"one after another, with OneByOne":       {true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			group := &Group[int]{OneByOne: test.oneByOne}
			for range 2 {
				_, mine, err := group.Do(context.Background(), "a", fail)
				require.ErrorIs(t, err, broken)
				assert.True(t, mine)
			}
			var working, most atomic.Int32
			full := make(chan struct{})
			var all sync.WaitGroup
			for range rest {
				all.Add(1)
				go func() {
					defer all.Done()
					_, mine, err := group.Do(context.Background(), "a", func() (int, error) {
						n := working.Add(1)
						if n > most.Load() {
							most.Store(n)
						}
						if test.most == rest { // All of them are inside at a time, or this never ends.
							if n == rest {
								close(full)
							}
							<-full
						} else {
							working.Add(-1)
						}
						return 0, broken
					})
					assert.ErrorIs(t, err, broken)
					assert.True(t, mine)
				}()
			}
			all.Wait()
			if test.most == 1 {
				assert.EqualValues(t, 1, most.Load())
			}
		})
	}
	t.Run("but not after one", func(t *testing.T) {
		var group Group[int]
		_, _, err := group.Do(context.Background(), "a", fail)
		require.ErrorIs(t, err, broken)
		begun, hold, done := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			_, _, err := group.Do(context.Background(), "a", func() (int, error) {
				close(begun)
				<-hold
				return 0, broken
			})
			done <- err
		}()
		<-begun
		stopped, stop := context.WithCancel(context.Background())
		stop()
		_, mine, err := group.Do(stopped, "a", fail)
		require.ErrorIs(t, err, context.Canceled, "it waits for the one that tries")
		assert.False(t, mine)
		close(hold)
		require.ErrorIs(t, <-done, broken)
	})
	t.Run("until one succeeds", func(t *testing.T) {
		var group Group[int]
		for range 3 {
			_, _, err := group.Do(context.Background(), "a", fail)
			require.ErrorIs(t, err, broken)
		}
		value, mine, err := group.Do(context.Background(), "a", func() (int, error) { return 7, nil })
		require.NoError(t, err)
		assert.True(t, mine)
		assert.Equal(t, 7, value)
		value, mine, err = group.Do(context.Background(), "a", fail)
		require.NoError(t, err)
		assert.False(t, mine)
		assert.Equal(t, 7, value)
	})
}

func TestForget(t *testing.T) {
	var group Group[int]
	do := func(value int) (int, bool) {
		got, mine, err := group.Do(context.Background(), "a", func() (int, error) { return value, nil })
		require.NoError(t, err)
		return got, mine
	}
	is := func(want int) func(int) bool { return func(value int) bool { return value == want } }
	group.Forget("a", is(1)) // There is nothing to forget.
	do(1)
	group.Forget("a", is(2))
	value, mine := do(2)
	assert.Equal(t, 1, value, "it is another one")
	assert.False(t, mine)
	group.Forget("a", is(1))
	value, mine = do(2)
	assert.Equal(t, 2, value)
	assert.True(t, mine)

	begun, hold := make(chan struct{}), make(chan struct{})
	done := make(chan bool)
	go func() {
		_, mine, _ := group.Do(context.Background(), "b", func() (int, error) {
			close(begun)
			<-hold
			return 0, nil
		})
		done <- mine
	}()
	<-begun
	group.Forget("b", is(0))
	close(hold)
	assert.True(t, <-done)
	_, mine, err := group.Do(context.Background(), "b", func() (int, error) { return 1, nil })
	require.NoError(t, err)
	assert.False(t, mine, "what was under way is not forgotten")
}

func TestKnownIsWhatSucceeded(t *testing.T) {
	var group Group[int]
	ctx := context.Background()
	_, ok := group.Known("a")
	assert.False(t, ok, "nobody has begun")
	_, _, err := group.Do(ctx, "a", func() (int, error) {
		_, ok := group.Known("a")
		assert.False(t, ok, "it is under way")
		return 0, errors.New("failed")
	})
	require.Error(t, err)
	_, ok = group.Known("a")
	assert.False(t, ok, "it failed")
	_, _, err = group.Do(ctx, "a", func() (int, error) { return 7, nil })
	require.NoError(t, err)
	value, ok := group.Known("a")
	assert.True(t, ok)
	assert.Equal(t, 7, value)
}
