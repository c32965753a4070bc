// Package stopwatch bounds how long work may take. Its clock stops while the work waits for other
// work.
package stopwatch

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Clock tells the time, and calls functions later.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f in its own goroutine after d, unless stop is called first.
	AfterFunc(d time.Duration, f func()) (stop func())
}

// WithTimeout returns a context that ends with a [*TimeoutError] as its cause once the work under
// it has taken longer than limit. Paused time does not count: see [Pause]. The caller has to call
// cancel when the work has ended.
func WithTimeout(ctx context.Context, clock Clock, limit time.Duration) (limited context.Context, cancel func()) {
	ctx, end := context.WithCancelCause(ctx)
	w := &watch{clock: clock, limit: limit, end: end, started: clock.Now()}
	w.since = w.started
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arm()
	return context.WithValue(ctx, key{}, w), func() {
		w.disarm()
		end(nil)
	}
}

// Pause stops the clock of the work that the context belongs to, until resume is called. With
// several pauses, the clock stands still until all have resumed. Without a timeout from this
// package it does nothing.
func Pause(ctx context.Context) (resume func()) {
	w, ok := ctx.Value(key{}).(*watch)
	if !ok {
		return func() {}
	}
	w.pause()
	return w.resume
}

// TimeoutError reports that work took too long.
type TimeoutError struct {
	// Limit is how long the work was allowed to take.
	Limit time.Duration
	// Waited is how long the clock stood still in addition.
	Waited time.Duration
}

// Error has the limit, and also the time spent waiting if that is at least a second.
func (e *TimeoutError) Error() string {
	if waited := e.Waited.Round(time.Second); waited > 0 {
		return fmt.Sprintf("took longer than %s, not counting %s of waiting", e.Limit, waited)
	}
	return fmt.Sprintf("took longer than %s", e.Limit)
}

// Is makes it a [context.DeadlineExceeded].
func (*TimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// key is the context key of the watch.
type key struct{}

// watch measures how long work takes, and ends its context.
type watch struct {
	clock   Clock
	limit   time.Duration
	end     context.CancelCauseFunc
	started time.Time

	mu sync.Mutex
	// spent is the time that the work took until the clock last stopped, and since is when the
	// clock last started.
	spent time.Duration
	since time.Time
	// pauses is the number of open pauses. The clock runs at zero.
	pauses int
	// stop stops the timer. Nil: there is none.
	stop func()
}

func (w *watch) pause() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pauses++; w.pauses == 1 {
		w.spent += w.clock.Now().Sub(w.since)
		w.stopTimer()
	}
}

func (w *watch) resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pauses--; w.pauses == 0 {
		w.since = w.clock.Now()
		w.arm()
	}
}

// arm sets the timer to the end of the remaining time. The caller holds the lock.
func (w *watch) arm() { w.stop = w.clock.AfterFunc(max(0, w.limit-w.spent), w.check) }

// check ends the work if its time is over. A timer that was stopped too late may call it early.
func (w *watch) check() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.clock.Now()
	if took := w.spent + now.Sub(w.since); w.pauses == 0 && took >= w.limit {
		w.end(&TimeoutError{Limit: w.limit, Waited: now.Sub(w.started) - took})
	}
}

func (w *watch) disarm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopTimer()
}

// stopTimer stops the timer, if any. The caller holds the lock.
func (w *watch) stopTimer() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}
