package run

import (
	"dagger/eval-images/pipeline/clock/clocktest"
	"time"
)

// FakeClock is the clock of tests in other packages than this one.
type FakeClock = clocktest.Fake

// NewFakeClock goes on only when somebody sleeps.
func NewFakeClock() *FakeClock { return clocktest.New() }

// Slept are the pauses that anybody has made.
func Slept(c *FakeClock) []time.Duration { return c.Slept }

// WithClock is a runner that goes by a clock of its own.
func (r Runner) WithClock(c *FakeClock) Runner {
	r.clock, r.Timeout = c, clocktest.Ages
	return r
}
