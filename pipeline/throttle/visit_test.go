package throttle

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/pipeline/clock/clocktest"
)

// lateContext ends when it has been asked so often whether it has, and lateClock ends it when it
// has told the time so often.
type lateContext struct {
	context.Context
	left atomic.Int32
	end  context.CancelFunc
}

func (c *lateContext) Err() error {
	if c.left.Add(-1) == 0 {
		c.end()
	}
	return c.Context.Err()
}

type lateClock struct {
	*clocktest.Fake
	left atomic.Int32
	end  context.CancelFunc
}

func (c *lateClock) Now() time.Time {
	if c.left.Add(-1) == 0 {
		c.end()
	}
	return c.Fake.Now()
}

// TestWhoIsStoppedAsItBeginsLosesNoPlace: an image's time may be over at any moment. The places
// that it has taken by then would be missing to all others until the run ends.
func TestWhoIsStoppedAsItBeginsLosesNoPlace(t *testing.T) {
	for moment := range int32(16) {
		for _, byClock := range []bool{true, false} {
			inner, end := context.WithCancel(context.Background())
			ctx, clock := &lateContext{Context: inner, end: end}, &lateClock{Fake: clocktest.New(), end: end}
			if byClock {
				clock.left.Store(moment)
			} else {
				ctx.left.Store(moment)
			}
			all := newHosts(clock, 1, quick)
			own, other := all.at("ghcr.io"), all.at("docker.io")
			_, err := own.do(ctx, "assemble", func(ctx context.Context) error {
				return all.Send(ctx, "ghcr.io", "PUT", func() error { return context.Cause(ctx) })
			}, other)
			if err != nil {
				assert.ErrorIs(t, err, context.Canceled)
			}
			end()
			for _, at := range []*hostThrottle{own, other} {
				assert.Zero(t, at.working, "moment %d, by the clock: %t, %s", moment, byClock, at.host)
				assert.Zero(t, at.sending, "moment %d, by the clock: %t, %s", moment, byClock, at.host)
			}
		}
	}
}
