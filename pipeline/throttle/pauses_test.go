package throttle

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/clock/clocktest"
)

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
			clock, fails := clocktest.New(), refusals(len(test.middles), test.err)
			_, err := newThrottle(clock, 12, retry).do(context.Background(), "ask", func(context.Context) error {
				if len(fails) == 0 {
					return nil
				}
				err := fails[0]
				fails = fails[1:]
				return err
			})
			require.NoError(t, err)
			require.Len(t, clock.Slept, len(test.middles))
			for i, middle := range test.middles {
				assert.GreaterOrEqual(t, clock.Slept[i], middle*time.Second/2, "pause %d", i+1)
				assert.Less(t, clock.Slept[i], middle*time.Second*3/2, "pause %d", i+1)
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

func (asksFor) Error() string { return "429" }

func (a asksFor) Cause() classify.Result {
	return classify.Result{Class: classify.Limited, Wait: time.Duration(a)}
}

func TestARegistryThatSaysHowLongIsGivenJustThat(t *testing.T) {
	for _, asked := range []time.Duration{215 * time.Millisecond, time.Hour} {
		clock, calls := clocktest.New(), 0
		_, err := newThrottle(clock, 12).do(context.Background(), "ask", func(context.Context) error {
			if calls++; calls == 1 {
				return asksFor(asked)
			}
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, []time.Duration{asked}, clock.Slept)
	}
}

func TestPausesInARow(t *testing.T) {
	clock := clocktest.New()
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
