package pipeline

import (
	"context"
	"sync"
	"time"
)

// gate holds all workers back while a registry limits requests: one of them meets the limit, everybody waits.
type gate struct {
	clock clock
	mu    sync.Mutex
	until time.Time
	// limits counts, for each kind of work, the pauses since anybody last succeeded with it. Kinds are counted apart because a
	// registry may let read and go on refusing what is pushed.
	limits map[string]int
}

func newGate(clock clock) *gate { return &gate{clock: clock, limits: map[string]int{}} }

// pause closes the gate for so long from now, and says how many pauses in a row that makes for this kind of work. It never shortens a
// pause that lasts longer. Work that began before the pause was over met the same limit as whoever closed the gate: it adds none.
func (g *gate) pause(kind string, began time.Time, d time.Duration) (inRow int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !began.Before(g.until) {
		g.limits[kind]++
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
}

// wait returns when the gate is open, or with the context's error when told to stop.
func (g *gate) wait(ctx context.Context) error {
	for {
		g.mu.Lock()
		left := g.until.Sub(g.clock.Now())
		g.mu.Unlock()
		if left <= 0 {
			return context.Cause(ctx)
		}
		if err := g.clock.Sleep(ctx, left); err != nil {
			return err
		}
	}
}
