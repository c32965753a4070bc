package pipeline

import (
	"context"
	"sync"
)

// throttles are those of a run, one for each registry host: a limit or an outage of one host does not hold back
// work that needs only other hosts.
type throttles struct {
	clock clock
	most  int
	// own says whether a run publishes to a host. Nil: all hosts count as such.
	own func(host string) bool
	// rest gives up the caller's place among the workers, and returns how to take one again. Workers rest while
	// they wait for a host that is not the run's own, because other images may not need that.
	rest func() (back func())

	mu     sync.Mutex
	byHost map[string]*throttle
}

func newThrottles(clock clock, most int) *throttles {
	return &throttles{clock: clock, most: most, byHost: map[string]*throttle{}}
}

// at is the throttle of a host.
func (all *throttles) at(host string) *throttle {
	all.mu.Lock()
	defer all.mu.Unlock()
	t, ok := all.byHost[host]
	if !ok {
		t = &throttle{
			limiter: newLimiter(all.clock, all.most), work: newBreaker(all.clock), requests: newBreaker(all.clock),
			host: host, all: all, own: all.own == nil || all.own(host),
		}
		t.alive, t.giveUp = context.WithCancelCause(context.Background())
		all.byHost[host] = t
	}
	return t
}

// throttle holds back the workers of a run at one host: the limiter while the registry there limits requests,
// the circuit breakers while it is unavailable.
type throttle struct {
	*limiter
	// work is the breaker of whole attempts, such as an image that the engine builds and pushes; requests is
	// that of single requests, which go through [Send]. They are two because an attempt waits for its
	// requests: if the attempt were the probe, its request would wait for the probe, and neither would end.
	work, requests *breaker

	host string
	all  *throttles
	// own says that the run publishes there.
	own bool
	// alive ends, by giveUp, when the run gives the host up: nobody waits for it any more.
	alive  context.Context
	giveUp context.CancelCauseFunc
}

// begin returns when the limiter and a breaker let work begin. The caller has to leave the limiter
// afterwards.
func (t *throttle) begin(ctx context.Context, count *int, b *breaker, again bool) (*pass, error) {
	if err := t.enter(ctx, count); err != nil {
		return nil, err
	}
	return t.goOn(ctx, count, b, again)
}

// tryBegin is begin for an attempt that does not wait. Nil: it would have to.
func (t *throttle) tryBegin(again bool) *pass {
	if t.alive.Err() != nil {
		return nil
	}
	if entered, _ := t.tryEnter(&t.working); !entered {
		return nil
	}
	pass, _, _ := t.work.tryEnter(again)
	if pass == nil {
		t.leave(&t.working)
	}
	return pass
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

// endIfLost turns an image's failure into that of all images that need the host, if its registry stays unavailable.
func (t *throttle) endIfLost(r Retry, err error) error {
	if CauseOf(err).Kind == KindUnavailable && (t.work.lost(r) || t.requests.lost(r)) {
		return &lostError{host: t.host, err: err}
	}
	return err
}
