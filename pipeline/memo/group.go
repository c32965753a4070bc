// Package memo does pieces of work once each, however many ask for them at a time.
package memo

import (
	"context"
	"errors"
	"sync"

	"dagger/eval-images/pipeline/stopwatch"
)

// Group is a set of pieces of work by their keys, and what they came to. Its zero value is empty. A
// piece that fails is done again for those who still need it.
type Group[V any] struct {
	// OneByOne makes callers try a piece one after the other, however often it fails. Without it,
	// once a piece has failed twice, all callers try it at the same time, until one succeeds: most
	// likely it fails for all.
	OneByOne bool

	mu     sync.Mutex
	known  map[string]*piece[V]
	failed map[string]int // pieces that failed, by their keys
}

// tries is how often a piece fails before all callers try it at the same time.
const tries = 2

// errPanic is what a piece came to whose work did not return. Those who wait for it do not wait for
// ever.
var errPanic = errors.New("the work panicked")

// piece is one piece of work, begun by one and awaited by others.
type piece[V any] struct {
	done  chan struct{}
	value V
	err   error
}

// Do returns what the piece of work with this key came to. The first to ask does it, which is what
// mine says; the others wait for that, and one of them tries again if it failed. An error is that
// of one's own work, or the context's while waiting. Waiting does not count for a timeout by
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
		if err := p.wait(ctx); err != nil {
			return value, false, err
		}
		if p.err == nil {
			return p.value, false, nil
		}
	}
}

// wait returns when the piece is done, or with the context's error.
func (p *piece[V]) wait(ctx context.Context) error {
	defer stopwatch.Pause(ctx)()
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
	if g.OneByOne || g.failed[key] < tries { // Otherwise nobody knows of it before it succeeds.
		g.known[key] = p
	}
	return p, true
}

// settle lets those who wait go on: to what was done, or to try for themselves.
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
