package clock

import (
	"context"
	"time"
)

// Clock is the time that a run goes by. Tests have one of their own, so that they need not wait.
type Clock interface {
	Now() time.Time
	// Sleep returns early with the context's error when told to stop.
	Sleep(ctx context.Context, d time.Duration) error
	// AfterFunc calls f in a goroutine of its own, that much later, unless it is stopped before.
	AfterFunc(d time.Duration, f func()) (stop func())
}

// System is the machine's.
type System struct{}

// Now is the machine's time.
func (System) Now() time.Time { return time.Now() }

// AfterFunc is [time.AfterFunc].
func (System) AfterFunc(d time.Duration, f func()) (stop func()) {
	timer := time.AfterFunc(d, f)
	return func() { timer.Stop() }
}

// Sleep sleeps, unless it is told to stop.
func (System) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
