package pipeline

import "time"

// FakeClock is the clock of tests in other packages than this one.
type FakeClock = fakeClock

// NewFakeClock goes on only when somebody sleeps.
func NewFakeClock() *FakeClock { return newFakeClock() }

// Slept are the pauses that anybody has made.
func (c *fakeClock) Slept() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.slept...)
}

// WithClock is a runner that goes by a clock of its own.
func (r Runner) WithClock(c *FakeClock) Runner {
	r.clock, r.Timeout = c, ages
	return r
}
