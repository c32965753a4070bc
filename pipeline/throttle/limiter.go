package throttle

import (
	"context"
	"sync"
	"time"

	"dagger/eval-images/pipeline/clock"
	"dagger/eval-images/pipeline/stopwatch"
)

// limiter holds workers back while a registry limits requests. When one of them meets the limit,
// everybody waits. After that only half as many as before may work at a time, and one more after
// each round in which all succeed (AIMD).
type limiter struct {
	clock clock.Clock
	most  int // workers or requests at a time, if nothing limits them
	mu    sync.Mutex
	until time.Time
	// limits counts, by the kind of work, the pauses since such work last succeeded. A registry may
	// answer reads and go on to refuse pushes.
	limits map[string]int
	// allowed is how many workers may work now, and how many requests may be under way; working and
	// sending are how many do. Good counts successes since allowed changed.
	allowed, working, sending, good int
	// changed is closed, and replaced, when there is room again.
	changed chan struct{}
}

func newLimiter(clock clock.Clock, most int) *limiter {
	return &limiter{clock: clock, most: most, allowed: most, limits: map[string]int{}, changed: make(chan struct{})}
}

// enter waits until the pause is over and there is room by this count, which is working or sending.
// Its error is the context's. Whoever enters must leave.
func (l *limiter) enter(ctx context.Context, count *int) error {
	defer stopwatch.Pause(ctx)()
	for {
		if err := l.opens(ctx); err != nil {
			return err
		}
		entered, full := l.tryEnter(count)
		switch {
		case entered:
			return nil
		case full != nil:
			select {
			case <-full:
			case <-ctx.Done():
			}
		}
	}
}

// opens waits until the pause is over. Its error is the context's.
func (l *limiter) opens(ctx context.Context) error {
	defer stopwatch.Pause(ctx)()
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		left := l.closedFor()
		if left <= 0 {
			return nil
		}
		if err := l.clock.Sleep(ctx, left); err != nil {
			return err
		}
	}
}

// closedFor is the rest of the pause.
func (l *limiter) closedFor() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until.Sub(l.clock.Now())
}

// tryEnter enters, or returns a channel to wait for if there is no room. During a pause it does
// neither.
func (l *limiter) tryEnter(count *int) (entered bool, full <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.until.After(l.clock.Now()):
		return false, nil
	case *count >= l.allowed:
		return false, l.changed
	}
	*count++
	return true, nil
}

// stay waits, for a caller that has entered, until the pause is over. Its error is the context's:
// the caller has left then. If there is no room any more, the caller enters anew; otherwise it
// keeps its slot, so that those who were refused come next.
func (l *limiter) stay(ctx context.Context, count *int) error {
	if l.makesRoom(count) {
		return l.enter(ctx, count)
	}
	if err := l.opens(ctx); err != nil {
		l.leave(count)
		return err
	}
	return nil
}

// makesRoom leaves if more have entered than are allowed.
func (l *limiter) makesRoom(count *int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if *count <= l.allowed {
		return false
	}
	*count--
	return true // There is no room for others either, so nobody is notified.
}

// leave frees the caller's slot.
func (l *limiter) leave(count *int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*count--
	l.notify()
}

// pause holds everybody back for a time, and returns how many pauses in a row this kind of work has
// had; without a kind it counts none. It never shortens a longer pause. Work that asked before the
// last pause was over met the same limit, and adds none.
func (l *limiter) pause(kind string, asked time.Time, d time.Duration) (inRow int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !asked.Before(l.until) {
		l.allowed, l.good = max(1, l.allowed/2), 0
		if kind != "" {
			l.limits[kind]++
		}
	}
	if until := l.clock.Now().Add(d); until.After(l.until) {
		l.until = until
	}
	return l.limits[kind]
}

// answered reports that the registry does not refuse all requests of this kind.
func (l *limiter) answered(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits[kind] = 0
}

// succeeded reports that the registry does not refuse all work of this kind, and makes room for
// more.
func (l *limiter) succeeded(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits[kind] = 0
	if l.good++; l.good >= l.allowed && l.allowed < l.most {
		l.allowed, l.good = l.allowed+1, 0
		l.notify()
	}
}

// notify wakes those who wait for room. The limiter is locked.
func (l *limiter) notify() {
	close(l.changed)
	l.changed = make(chan struct{})
}
