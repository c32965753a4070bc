package throttle

import (
	"context"

	"dagger/eval-images/pipeline/classify"
)

// hostThrottle holds the workers of a run back at one host: by a limiter while the registry limits
// requests, and by circuit breakers while it is unavailable.
type hostThrottle struct {
	*limiter
	// work is the breaker of attempts, such as building and pushing an image; requests is that of
	// single requests, which go through [Hosts.Send]. There are two because an attempt waits for
	// its requests: if an attempt were the probe, its request would wait for the probe, and neither
	// would end.
	work, requests *breaker

	retry Retry
	host  string
	all   *Hosts
	// own says that the run publishes to the host.
	own bool
	// alive ends, by giveUp, when the run gives the host up.
	alive  context.Context
	giveUp context.CancelCauseFunc
}

func newHost(all *Hosts, host string) *hostThrottle {
	retry := all.Retry.withDefaults()
	t := &hostThrottle{
		limiter: newLimiter(all.clock, all.workers), work: newBreaker(all.clock, retry), requests: newBreaker(all.clock, retry),
		retry: retry, host: host, all: all, own: all.own == nil || all.own(host),
	}
	t.alive, t.giveUp = context.WithCancelCause(context.Background())
	return t
}

func (t *hostThrottle) busy() bool {
	t.limiter.mu.Lock()
	held := t.working + t.sending
	t.limiter.mu.Unlock()
	return held > 0 || t.work.busy() || t.requests.busy()
}

// begin returns when the limiter and a breaker let work begin. The caller must leave the limiter
// afterwards.
func (t *hostThrottle) begin(ctx context.Context, count *int, b *breaker, again bool) (*pass, error) {
	if err := t.enter(ctx, count); err != nil {
		return nil, err
	}
	return t.goOn(ctx, count, b, again)
}

// tryBegin is begin for an attempt, without waiting. It returns nil if begin would wait.
func (t *hostThrottle) tryBegin(again bool) *pass {
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

// goOn is begin for a caller that has entered the limiter. If it returns an error, it has left the
// limiter.
func (t *hostThrottle) goOn(ctx context.Context, count *int, b *breaker, again bool) (*pass, error) {
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

// endIfLost turns a failure of one image into a failure of all images that need the host, if its
// registry stays unavailable.
func (t *hostThrottle) endIfLost(err error) error {
	if classify.Of(err).Class == classify.Unavailable && (t.work.lost() || t.requests.lost()) {
		return &lostError{host: t.host, err: err}
	}
	return err
}
