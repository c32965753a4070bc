package throttle

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/clock/clocktest"
)

// TestARegistryThatComesBackIsNotLost: what succeeds after all pauses lets the run go on.
func TestARegistryThatComesBackIsNotLost(t *testing.T) {
	clock := clocktest.New()
	b, efforts := opened(t, clock)
	for range DefaultRetry.OutageWaits {
		b.unavailable(enter(t, b), "assemble", efforts[0])
	}
	assert.False(t, b.lost(), "it may come back")
	clock.Advance(lostTime)
	assert.True(t, b.lost())
	b.succeeded(enter(t, b), "ask")
	assert.False(t, b.lost())
}

func TestARegistryThatNeverAnsweredIsNotWaitedFor(t *testing.T) {
	throttle := newThrottle(clocktest.New(), 12)
	for range 2 * OutageImages {
		attempts, err := throttle.do(context.Background(), "ask", func(context.Context) error { return unreachable("r/base:x") })
		require.ErrorContains(t, err, "connection refused")
		assert.Equal(t, DefaultRetry.Attempts, attempts)
	}
}

func TestWhatIsNoOutage(t *testing.T) {
	refused := errors.New("500 Internal Server Error")
	retry := Retry{Attempts: 3, First: time.Second, Longest: time.Second, OutageWaits: 1000}
	// tries says how often an image is tried that always fails, after these other images in this
	// order.
	tries := func(others ...error) int {
		throttle := newThrottle(clocktest.New(), 12, retry)
		throttle.retry.Attempts = 1
		for _, err := range others {
			_, _ = throttle.do(context.Background(), "assemble", func(context.Context) error { return err })
		}
		throttle.retry.Attempts = retry.Attempts
		attempts, err := throttle.do(context.Background(), "assemble", func(context.Context) error { return refused })
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
	// last is how often the last of these is tried, if it fails; the others are each somebody
	// else's.
	type work struct {
		kind string
		err  error
	}
	last := func(all ...work) (attempts int) {
		throttle := newThrottle(clocktest.New(), 12)
		for _, w := range all {
			attempts, _ = throttle.do(context.Background(), w.kind, func(context.Context) error { return w.err })
		}
		return attempts
	}
	waited := DefaultRetry.Attempts + DefaultRetry.OutageWaits
	assert.Equal(t, waited, last(work{"ask", nil}, work{"assemble", away}, work{"ask", nil}, work{"assemble", away}, work{"ask", nil}, work{"assemble", away}),
		"a registry that answers questions and takes nothing")
	assert.Equal(t, waited, last(work{"ask", nil}, work{"assemble", away}, work{"base", away}, work{"ask", away}), "a registry that answers nobody")
	assert.Equal(t, DefaultRetry.Attempts, last(work{"assemble", away}, work{"base", away}, work{"ask", nil}, work{"ask", away}), "a registry that answers questions")
}
