// Package memo does each piece of work once, however many callers ask for it concurrently.
package memo

import (
	"context"
	"errors"
	"sync"

	"dagger/eval-images/pipeline/stopwatch"
)

// Group remembers the results of pieces of work by key. If a piece fails, a caller that still needs
// it does it again. The zero value is empty and ready.
type Group[V any] struct {
	// OneByOne makes callers try a failing piece one after another, however often it fails. Without
	// it, once a piece has failed twice, all callers try it concurrently until one succeeds,
	// because it will probably fail for all.
	OneByOne bool
	// Idle, if not nil, is called with a caller's context before the caller waits for another one's
	// work, and what it returns afterwards.
	Idle func(ctx context.Context) (back func())

	mu     sync.Mutex
	known  map[string]*piece[V]
	failed map[string]int // number of failures by key
}

// tries is the number of failures after which all callers try a piece concurrently.
const tries = 2

// errPanic is the result of work that panicked, so that callers do not wait for it forever.
var errPanic = errors.New("the work panicked")

// piece is one piece of work: one caller does it, others wait.
type piece[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// Do returns the result of the work with this key. The first caller does the work, and gets mine;
// the others wait, and if the work fails, one of them tries again. The error is that of the
// caller's own work, or the context's while waiting. Waiting does not count for a timeout by
// [stopwatch.WithTimeout].
func (g *Group[V]) Do(ctx context.Context, key string, work func() (V, error)) (value V, mine bool, err error) {
	for {
		p, first := g.claim(key)
		if first {
			p.err = errPanic
			defer g.settle(key, p)
			p.value, p.err = work()
			return p.value, true, p.err
		}
		if err := p.wait(ctx, g.Idle); err != nil {
			return value, false, err
		}
		if p.err == nil {
			return p.value, false, nil
		}
	}
}

// Known returns the result of work that is done, if it succeeded.
func (g *Group[V]) Known(key string) (value V, ok bool) {
	g.mu.Lock()
	p := g.known[key]
	g.mu.Unlock()
	if p == nil {
		return value, false
	}
	select {
	case <-p.done:
		return p.value, p.err == nil
	default:
		return value, false
	}
}

// wait returns when the piece is done, or with the context's error.
func (p *piece[V]) wait(ctx context.Context, idle func(context.Context) (back func())) error {
	select {
	case <-p.done:
		return nil
	default:
	}
	defer stopwatch.Pause(ctx)()
	if idle != nil {
		defer idle(ctx)()
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (g *Group[V]) claim(key string) (p *piece[V], first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p, ok := g.known[key]; ok {
		return p, false
	}
	if g.known == nil {
		g.known, g.failed = map[string]*piece[V]{}, map[string]int{}
	}
	p = &piece[V]{done: make(chan struct{})}
	if g.OneByOne || g.failed[key] < tries { // Otherwise no caller sees it before it succeeds.
		g.known[key] = p
	}
	return p, true
}

// settle records the result and wakes the waiting callers.
func (g *Group[V]) settle(key string, p *piece[V]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.err == nil {
		g.known[key] = p
	} else {
		g.failed[key]++
		if g.known[key] == p {
			delete(g.known, key)
		}
	}
	close(p.done)
}

// Forget forgets the result of a piece of work if the function says so. The next caller then does
// the work again. While the work is under way, Forget does nothing.
func (g *Group[V]) Forget(key string, is func(V) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p, ok := g.known[key]
	if !ok {
		return
	}
	select {
	case <-p.done:
		if is(p.value) {
			delete(g.known, key)
		}
	default:
	}
}
