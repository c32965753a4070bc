package throttle

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/clock"
	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/reference"
)

// quick retries in no time.
var quick = Retry{First: time.Microsecond, Longest: time.Microsecond, LimitFirst: time.Microsecond, LimitLongest: time.Microsecond}

func TestRetry(t *testing.T) {
	var (
		transient = errors.New("connection reset by peer")
		limited   = errors.New("429 Too Many Requests")
		permanent = errors.New("invalid reference format")
		// some is how often each error comes before success.
		times = func(n int, err error) []error {
			var all []error
			for range n {
				all = append(all, err)
			}
			return all
		}
	)
	tests := map[string]struct {
		retry    Retry
		fails    []error
		attempts int
		err      error
	}{
		"success needs one attempt":                            {quick, nil, 1, nil},
		"what may pass is tried twice unless told otherwise":   {quick, times(9, transient), 2, transient},
		"and as often as told":                                 {Retry{Attempts: 4, First: 1, Longest: 1}, times(3, transient), 4, nil},
		"one attempt means no retry":                           {Retry{Attempts: 1}, times(1, transient), 1, transient},
		"what stays is not tried again":                        {quick, times(1, permanent), 1, permanent},
		"a limit is waited out and is no attempt":              {quick, append(times(5, limited), transient), 7, nil},
		"a limit that does not end is given up":                {quick, times(99, limited), 9, &limitError{reference.DockerHub, 8, limited}},
		"an end for good after something that may pass counts": {quick, []error{transient, permanent}, 2, permanent},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			calls := 0
			attempts, err := newThrottle(clock.System{}, 12, test.retry).do(context.Background(), "ask", func(context.Context) error {
				calls++
				if calls <= len(test.fails) {
					return test.fails[calls-1]
				}
				return nil
			})
			assert.Equal(t, test.err, err)
			assert.Equal(t, test.attempts, attempts)
			assert.Equal(t, calls, attempts)
		})
	}
}

func TestRetryStopsWhenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	fake := clocktest.New()
	fake.OnSleep = cancel
	attempts, err := newThrottle(fake, 12).do(ctx, "ask", func(context.Context) error {
		return errors.New("connection reset by peer")
	})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "connection reset by peer", "and what it paused for")
	assert.Equal(t, 1, attempts)
	assert.ErrorIs(t, clock.System{}.Sleep(ctx, time.Hour), context.Canceled)
}

func TestWhatIsToldIsTheLastFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	tries := 0
	_, err := newThrottle(clocktest.New(), 12, Retry{Attempts: 3}).do(ctx, "ask", func(ctx context.Context) error {
		if tries++; tries == 3 {
			cancel()
			return ctx.Err()
		}
		return []error{errors.New("connection reset by peer"), errors.New("unexpected EOF")}[tries-1]
	})
	require.EqualError(t, err, "context canceled: last: unexpected EOF", "an attempt that was cut off tells less")
}

func TestBackoffDoublesUpToItsLongest(t *testing.T) {
	for n, middle := range map[int]time.Duration{1: 2, 2: 4, 3: 8, 5: 32, 6: 60, 40: 60, 400: 60} {
		for range 100 {
			pause := backoff(2*time.Second, time.Minute, n)
			assert.GreaterOrEqual(t, pause, middle*time.Second/2)
			assert.Less(t, pause, middle*time.Second*3/2)
		}
	}
}

// TestThePauseAfterAFailureIsByTheAttempts: limits and outages, which are none, make it no longer.
func TestThePauseAfterAFailureIsByTheAttempts(t *testing.T) {
	const times = 3
	limit, outage, failure := asksFor(time.Hour), errors.New("503 Service Unavailable"), errors.New("flux capacitor")
	for name, met := range map[string]error{"limits": limit, "outages": outage} {
		t.Run(name, func(t *testing.T) {
			clock := clocktest.New()
			g, calls := newThrottle(clock, 12), 0
			opens(t, g, g.work)
			attempts, err := g.do(context.Background(), "assemble", func(context.Context) error {
				switch calls++; {
				case calls <= times:
					return met
				case calls == times+1:
					clock.Slept = nil
					return failure
				}
				return nil
			})
			require.NoError(t, err)
			assert.Equal(t, times+2, attempts)
			require.Len(t, clock.Slept, 1)
			assert.Less(t, clock.Slept[0], DefaultRetry.First*3/2)
		})
	}
}

func TestALimitHoldsEverybodyBack(t *testing.T) {
	const workers = 3
	for name, stop := range map[string]bool{"until it is over": false, "until told to stop": true} {
		t.Run(name, func(t *testing.T) {
			clock := clocktest.New()
			asleep, over := make(chan struct{}, workers), make(chan struct{})
			clock.OnSleep = func() { asleep <- struct{}{}; <-over }
			l := newLimiter(clock, 12)
			l.pause("ask", clock.Now(), time.Hour)
			l.pause("ask", clock.Now(), time.Millisecond)
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			entered := make(chan error, workers)
			for range workers {
				go func() { entered <- l.enter(ctx, &l.working) }()
			}
			for range workers {
				<-asleep
			}
			assert.Empty(t, entered, "nobody has passed")
			if stop {
				cancel()
			}
			close(over)
			for range workers {
				err := <-entered
				assert.Equal(t, stop, errors.Is(err, context.Canceled), "%v", err)
			}
			for _, pause := range clock.Slept {
				assert.Equal(t, time.Hour, pause, "a shorter limit does not end a longer one")
			}
		})
	}
}

func TestDefaultsOfRetry(t *testing.T) {
	assert.Equal(t, Retry{
		Attempts: 2, First: 2 * time.Second, Longest: time.Minute,
		LimitFirst: 15 * time.Second, LimitLongest: 4 * time.Minute, LimitWaits: 8, DoubtfulWaits: 3,
		RequestAttempts: 3, RequestFirst: 250 * time.Millisecond, OutageWaits: 6,
	}, Retry{}.withDefaults())
}
