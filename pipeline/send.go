package pipeline

import (
	"context"
	"fmt"
)

// Send sends one request of a run's to a registry: as soon as the registry lets the run ask and there is room, and once more after each
// limit that it meets, for which all workers wait. The kind of request is what its limits are counted by. Whoever sends several requests
// for an image has them go through here, so that none begins while others wait, and so that a limit costs a request and not an attempt.
// Outside of a run a request is just sent.
func Send(ctx context.Context, kind string, request func() error) error {
	a, ok := ctx.Value(attemptKey{}).(attempt)
	if !ok {
		return request()
	}
	return a.send(ctx, kind, request)
}

func (a attempt) send(ctx context.Context, kind string, request func() error) error {
	g := a.gate
	if err := g.enter(ctx, &g.sending); err != nil {
		return err
	}
	for waits := 1; ; waits++ {
		asked := g.clock.Now()
		err := request()
		if err == nil {
			g.answered(kind)
		}
		if err == nil || CauseOf(err).Kind != KindLimited || ctx.Err() != nil {
			g.leave(&g.sending)
			return err
		}
		if err := a.retry.limited(g, kind, asked, waits, err); err != nil {
			g.leave(&g.sending)
			return err
		}
		if g.stay(ctx, &g.sending) != nil {
			return stopped(ctx, err)
		}
	}
}

// attempt is what a piece of work that is tried hands on to its requests.
type attempt struct {
	retry Retry
	gate  *gate
}

type attemptKey struct{}

// under gives a context whose requests go through the gate.
func (a attempt) under(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

// waitedError is a limit of one request's that waiting does not help against, while others are answered.
type waitedError struct {
	waits int
	err   error
}

// Error says how often was waited, and for what.
func (e *waitedError) Error() string { return fmt.Sprintf("after %d waits: %v", e.waits, e.err) }

// Unwrap gives what the registry answered last.
func (e *waitedError) Unwrap() error { return e.err }

// Cause is permanent: it was tried often enough. What to do stays the same.
func (e *waitedError) Cause() Cause { return Cause{Kind: KindPermanent, Advice: CauseOf(e.err).Advice} }
