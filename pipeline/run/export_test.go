package run

import (
	"time"

	"dagger/eval-images/pipeline/clock/clocktest"
)

// FakeClock is the fake clock for tests in package run_test.
type FakeClock = clocktest.Fake

// NewFakeClock returns a clock that advances only when code sleeps.
func NewFakeClock() *FakeClock { return clocktest.New() }

// Slept returns all pauses.
func Slept(c *FakeClock) []time.Duration { return c.Slept }

// WithClock returns a runner with another clock.
func (r Runner) WithClock(c *FakeClock) Runner {
	r.clock, r.Timeout = c, clocktest.Ages
	return r
}
