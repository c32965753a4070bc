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
	limits map[string]int
	// allowed is how many may be inside now, inside how many are, and good how many succeeded since allowed changed.
	allowed, inside, good int
	// changed is closed, and another one made, when somebody may enter who could not before.
	changed chan struct{}
}

// newGate is an open gate for so many at a time.
func newGate(clock clock, most int) *gate {
	return &gate{clock: clock, most: most, allowed: most, limits: map[string]int{}, changed: make(chan struct{})}
}

// enter returns when the gate is open and there is room, or with the context's error when told to stop. Whoever enters has to leave.
func (g *gate) enter(ctx context.Context) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		pause, changed := g.tryEnter()
		switch {
		case pause > 0:
			if err := g.clock.Sleep(ctx, pause); err != nil {
				return err
			}
		case changed != nil:
			select {
			case <-changed:
			case <-ctx.Done():
			}
		default:
			return nil
		}
	}
}

// tryEnter enters, or says for how long the gate is closed, or what to wait for if there is no room.
func (g *gate) tryEnter() (pause time.Duration, changed <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if left := g.until.Sub(g.clock.Now()); left > 0 {
		return left, nil
	}
	if g.inside >= g.allowed {
		return 0, g.changed
	}
	g.inside++
	return 0, nil
}

// leave makes room.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.notify()
}

// pause closes the gate for so long from now, and says how many pauses in a row that makes for this kind of work. It never shortens a
// pause that lasts longer. Work that began before the pause was over met the same limit as whoever closed the gate: it adds none.
func (g *gate) pause(kind string, began time.Time, d time.Duration) (inRow int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !began.Before(g.until) {
		g.limits[kind]++
		g.allowed, g.good = max(1, g.allowed/2), 0
	}
	if until := g.clock.Now().Add(d); until.After(g.until) {
		g.until = until
	}
	return g.limits[kind]
}

// succeeded notes that the registry does not refuse all work of this kind.
func (g *gate) succeeded(kind string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limits[kind] = 0
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
