package pipeline

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// lateClock ends a context when it has told the time so often.
type lateClock struct {
	*fakeClock
	left int
	end  context.CancelFunc
}

func (c *lateClock) Now() time.Time {
	if c.left--; c.left == 0 {
		c.end()
	}
	return c.fakeClock.Now()
}

// TestWhoIsStoppedAsItBeginsLosesNoPlace: an image's time may be over at any moment. The places that it has taken by then
// would be missing to all others until the run ends.
func TestWhoIsStoppedAsItBeginsLosesNoPlace(t *testing.T) {
	for moment := 1; moment <= 12; moment++ {
		ctx, cancel := context.WithCancel(context.Background())
		clock := &lateClock{newFakeClock(), moment, cancel}
		all := newThrottles(clock, 1)
		own, other := all.at("ghcr.io"), all.at("docker.io")
		_, err := quick.do(ctx, own, "assemble", func(ctx context.Context) error {
			return Send(ctx, "ghcr.io", "PUT", func() error { return context.Cause(ctx) })
		}, other)
		if ctx.Err() != nil {
			assert.ErrorIs(t, err, context.Canceled)
		}
		cancel()
		for _, at := range []*throttle{own, other} {
			assert.Zero(t, at.working, "moment %d, %s", moment, at.host)
			assert.Zero(t, at.sending, "moment %d, %s", moment, at.host)
			assert.Nil(t, at.work.probe, "moment %d, %s", moment, at.host)
		}
	}
}
