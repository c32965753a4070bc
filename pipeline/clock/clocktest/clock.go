package clocktest

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Fake is a clock that advances only when code sleeps, or when a test calls [Fake.Advance].
type Fake struct {
	mu    sync.Mutex
	now   time.Time
	Slept []time.Duration
	// OnSleep, if not nil, is called before the time passes.
	OnSleep func()
	timers  []*timer
	// set signals when timers are set or stopped.
	set *sync.Cond
}

// Ages is a timeout for runs with several images at a time: every sleep on a [Fake] advances the
// clock of all of them.
const Ages = 10000 * time.Hour

// timer is a function to call at a time.
type timer struct {
	at time.Time
	f  func()
}

// New returns a clock that stands at the beginning of 2026.
func New() *Fake {
	c := &Fake{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	c.set = sync.NewCond(&c.mu)
	return c
}

// Now returns the clock's time.
func (c *Fake) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep advances the clock at once, and appends d to Slept.
func (c *Fake) Sleep(ctx context.Context, d time.Duration) error {
	until := c.Now().Add(d)
	if c.OnSleep != nil {
		c.OnSleep()
	}
	c.mu.Lock()
	c.Slept = append(c.Slept, d)
	c.mu.Unlock()
	c.goOn(until)
	return context.Cause(ctx)
}

// AfterFunc calls f once the clock has advanced by d.
func (c *Fake) AfterFunc(d time.Duration, f func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	added := &timer{c.now.Add(d), f}
	c.timers = append(c.timers, added)
	c.set.Broadcast()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		defer c.set.Broadcast()
		c.timers = slices.DeleteFunc(c.timers, func(t *timer) bool { return t == added })
	}
}

// AwaitTimers waits until exactly n timers are set: those of the images whose clocks run.
func (c *Fake) AwaitTimers(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.timers) != n {
		c.set.Wait()
	}
}

// Advance moves the clock forward.
func (c *Fake) Advance(d time.Duration) { c.goOn(c.Now().Add(d)) }

// goOn moves the clock to a time, and returns when all due functions have been called.
func (c *Fake) goOn(until time.Time) {
	c.mu.Lock()
	if until.After(c.now) {
		c.now = until
	}
	var due []*timer
	c.timers = slices.DeleteFunc(c.timers, func(t *timer) bool {
		if t.at.After(c.now) {
			return false
		}
		due = append(due, t)
		return true
	})
	c.mu.Unlock()
	for _, t := range due {
		t.f()
	}
}
