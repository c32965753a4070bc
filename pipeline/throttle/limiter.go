package throttle

import (
	"context"
	"sync"
	"time"

	"dagger/eval-images/pipeline/clock"
	"dagger/eval-images/pipeline/stopwatch"
)

// limiter holds workers back while a registry limits requests. One of them meets the limit, and
// everybody waits. After that only half as many may try at a time as before, and one more again for
// each round in which all succeed (AIMD).
type limiter struct {
	clock clock.Clock
	most  int // that may be inside
	mu    sync.Mutex
	until time.Time
	// limits counts, for each kind of work, the pauses since anybody last succeeded with it. Kinds
	// are counted apart because a registry may let read and go on refusing what is pushed.
	limits map[string]int
	// allowed is how many may work at a time now, and how many requests may be under way; working
	// and sending are how many are. Good is how many pieces of work succeeded since allowed
	// changed.
	allowed, working, sending, good int
	// changed is closed, and another one made, when somebody may enter who could not before.
	changed chan struct{}
}

func newLimiter(clock clock.Clock, most int) *limiter {
	return &limiter{clock: clock, most: most, allowed: most, limits: map[string]int{}, changed: make(chan struct{})}
}

// enter returns when no pause is left and there is room among those who are counted, or with the
// context's error when told to stop. Whoever enters has to leave.
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

// opens returns when no pause is left, or with the context's error when told to stop.
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

// closedFor is how much of a pause is left.
func (l *limiter) closedFor() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until.Sub(l.clock.Now())
}

// tryEnter enters, or says what to wait for if there is no room. It does neither during a pause.
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

// stay returns when no pause is left for who is inside, or with the context's error. Those for whom
// there is no room any more enter anew; the others keep their places, so that who has been refused
// is the next. With an error it has left.
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

// makesRoom leaves if more are inside than may be.
func (l *limiter) makesRoom(count *int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if *count <= l.allowed {
		return false
	}
	*count--
	return true // Nobody can enter for that, so nobody is told.
}

// leave makes room.
func (l *limiter) leave(count *int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*count--
	l.notify()
}

// pause holds everybody back for so long from now, and says how many pauses in a row that makes for
// this kind of work; none are counted for no kind. It never shortens a pause that lasts longer. Who
// asked before the pause was over met the same limit as whoever began it: that adds none.
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

// answered notes that the registry does not refuse all requests of this kind.
func (l *limiter) answered(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits[kind] = 0
}

// succeeded notes that the registry does not refuse all work of this kind, and makes room for more.
func (l *limiter) succeeded(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limits[kind] = 0
	if l.good++; l.good >= l.allowed && l.allowed < l.most {
		l.allowed, l.good = l.allowed+1, 0
		l.notify()
	}
}

// notify wakes those who wait for room.
func (l *limiter) notify() {
	close(l.changed)
	l.changed = make(chan struct{})
}
