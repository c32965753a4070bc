package pipeline

import (
	"context"
	"sync"
	"time"
)

// gate holds workers back while a registry limits requests. One of them meets the limit, and everybody waits. After that only half as
// many may try at a time as before, and one more again for each round in which all succeed.
type gate struct {
	clock clock
	most  int // that may be inside
	mu    sync.Mutex
	until time.Time
	// limits counts, for each kind of work, the pauses since anybody last succeeded with it. Kinds are counted apart because a
	// registry may let read and go on refusing what is pushed.
	limits  map[string]int
	outages outages
	// allowed is how many may work at a time now, and how many requests may be under way; working and sending are how many are. Good is
	// how many pieces of work succeeded since allowed changed.
	allowed, working, sending, good int
	// changed is closed, and another one made, when somebody may enter who could not before.
	changed chan struct{}
}

// newGate is an open gate for so many at a time.
func newGate(clock clock, most int) *gate {
	return &gate{clock: clock, most: most, allowed: most, limits: map[string]int{}, outages: outages{met: map[string]map[*effort]bool{}}, changed: make(chan struct{})}
}

// enter returns when the gate is open and there is room among those who are counted, or with the context's error when told to stop.
// Whoever enters has to leave.
func (g *gate) enter(ctx context.Context, count *int) error {
	for {
		if err := g.opens(ctx); err != nil {
			return err
		}
		entered, full := g.tryEnter(count)
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

// opens returns when the gate is open, or with the context's error when told to stop.
func (g *gate) opens(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		left := g.closedFor()
		if left <= 0 {
			return nil
		}
		if err := g.clock.Sleep(ctx, left); err != nil {
			return err
		}
	}
}

// closedFor is how long the gate stays closed.
func (g *gate) closedFor() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.until.Sub(g.clock.Now())
}

// tryEnter enters, or says what to wait for if there is no room. It does neither if the gate has been closed.
func (g *gate) tryEnter(count *int) (entered bool, full <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.until.After(g.clock.Now()):
		return false, nil
	case *count >= g.allowed:
		return false, g.changed
	}
	*count++
	return true, nil
}

// stay returns when the gate is open again for who is inside, or with the context's error. Those for whom there is no room any more enter
// anew; the others keep their places, so that who has been refused is the next. With an error it has left.
func (g *gate) stay(ctx context.Context, count *int) error {
	if g.makesRoom(count) {
		return g.enter(ctx, count)
	}
	if err := g.opens(ctx); err != nil {
		g.leave(count)
		return err
	}
	return nil
}

// makesRoom leaves if more are inside than may be.
func (g *gate) makesRoom(count *int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if *count <= g.allowed {
		return false
	}
	*count--
	return true // Nobody can enter for that, so nobody is told.
}

// leave makes room.
func (g *gate) leave(count *int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	*count--
	g.notify()
}

// pause closes the gate for so long from now, and says how many pauses in a row that makes for this kind of work; none are counted for no
// kind. It never shortens a pause that lasts longer. Who asked before the pause was over met the same limit as whoever closed the gate:
// that adds none.
func (g *gate) pause(kind string, asked time.Time, d time.Duration) (inRow int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !asked.Before(g.until) {
		g.allowed, g.good = max(1, g.allowed/2), 0
		if kind != "" {
			g.limits[kind]++
		}
	}
	if until := g.clock.Now().Add(d); until.After(g.until) {
		g.until = until
	}
	return g.limits[kind]
}

// answered notes that the registry does not refuse all requests of this kind.
func (g *gate) answered(kind string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limits[kind] = 0
}

// succeeded notes that the registry does not refuse all work of this kind, which was begun at that time, and makes room for more.
func (g *gate) succeeded(kind string, asked time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limits[kind] = 0
	g.available(kind, asked)
	if g.good++; g.good >= g.allowed && g.allowed < g.most {
		g.allowed, g.good = g.allowed+1, 0
		g.notify()
	}
}

// notify wakes those who wait for room.
func (g *gate) notify() {
	close(g.changed)
	g.changed = make(chan struct{})
}
