package registry

import (
	"context"
	"sync"
)

// onces does pieces of work once each, however many ask for them at a time. A piece that fails is done again for those who still need it.
type onces struct {
	mu    sync.Mutex
	known map[string]chan struct{} // closed when done
}

// do returns when the piece of work with this key has been done, by this caller or by another.
func (o *onces) do(ctx context.Context, key string, work func() error) error {
	for {
		done, mine := o.claim(key)
		if mine {
			return o.settle(key, done, work())
		}
		select {
		case <-done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if o.isDone(key, done) {
			return nil
		}
	}
}

func (o *onces) claim(key string) (done chan struct{}, mine bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.known == nil {
		o.known = map[string]chan struct{}{}
	}
	if done, ok := o.known[key]; ok {
		return done, false
	}
	done = make(chan struct{})
	o.known[key] = done
	return done, true
}

// settle lets those who wait go on: to what was done, or to try for themselves.
func (o *onces) settle(key string, done chan struct{}, err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err != nil {
		delete(o.known, key)
	}
	close(done)
	return err
}

func (o *onces) isDone(key string, done chan struct{}) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known[key] == done
}
