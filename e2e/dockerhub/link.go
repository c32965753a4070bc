package dockerhub

import (
	"context"
	"sync"
	"time"
)

// link lets bytes through at a rate, whoever sends them.
type link struct {
	mu   sync.Mutex
	free time.Time // when all that was sent before is through
}

// wait returns when n further bytes are through, at a rate in bytes per second. Zero: at once.
func (l *link) wait(ctx context.Context, rate int64, n int) error {
	if rate == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(time.Until(l.through(time.Now(), rate, n)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// through is when n bytes are through that are sent now.
func (l *link) through(now time.Time, rate int64, n int) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
	return l.free
}
