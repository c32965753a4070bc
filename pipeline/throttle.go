package pipeline

import "context"

// throttle holds back the workers of a run: the limiter while the registry limits requests, the circuit
// breakers while it is unavailable.
type throttle struct {
	*limiter
	// work is the breaker of whole attempts, such as an image that the engine builds and pushes; requests is
	// that of single requests, which go through [Send]. They are two because an attempt waits for its
	// requests: if the attempt were the probe, its request would wait for the probe, and neither would end.
	work, requests *breaker
}

func newThrottle(clock clock, most int) *throttle {
	return &throttle{limiter: newLimiter(clock, most), work: newBreaker(clock), requests: newBreaker(clock)}
}

// begin returns when the limiter and a breaker let work begin. The caller has to leave the limiter
// afterwards.
func (t *throttle) begin(ctx context.Context, count *int, b *breaker, again bool) (*pass, error) {
	if err := t.enter(ctx, count); err != nil {
		return nil, err
	}
	return t.goOn(ctx, count, b, again)
}

// goOn is begin for a caller that has entered the limiter. With an error it has left the limiter.
func (t *throttle) goOn(ctx context.Context, count *int, b *breaker, again bool) (*pass, error) {
	pass, err := b.enter(ctx, again)
	if err != nil {
		t.leave(count)
		return nil, err
	}
	if err := t.opens(ctx); err != nil { // A limit may have begun meanwhile.
		b.abandon(pass)
		t.leave(count)
		return nil, err
	}
	pass.begun = t.clock.Now()
	return pass, nil
}

// endIfLost makes the failure of an image that of the run, if the registry stays unavailable.
func (t *throttle) endIfLost(r Retry, err error) error {
	if CauseOf(err).Kind == KindUnavailable && (t.work.lost(r) || t.requests.lost(r)) {
		return &lostError{err}
	}
	return err
}
