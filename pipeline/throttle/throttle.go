package throttle

import (
	"context"
	"sync"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/clock"
)

// Hosts are those of a run, one for each registry host: a limit or an outage of one host does not
// hold back work that needs only other hosts.
type Hosts struct {
	clock clock.Clock
	most  int
	// own says whether a run publishes to a host. Nil: all hosts count as such.
	Own func(host string) bool
	// rest gives up the caller's place among the workers, and returns how to take one again.
	// Workers rest while they wait for a host that is not the run's own, because other images may
	// not need that.
	Rest func() (back func())

	mu     sync.Mutex
	byHost map[string]*Host
}

// NewHosts are the hosts of a run that has at most so many workers.
func NewHosts(clock clock.Clock, most int) *Hosts {
	return &Hosts{clock: clock, most: most, byHost: map[string]*Host{}}
}

// At is the throttle of a host.
func (all *Hosts) At(host string) *Host {
	all.mu.Lock()
	defer all.mu.Unlock()
	t, ok := all.byHost[host]
	if !ok {
		t = &Host{
			limiter: newLimiter(all.clock, all.most), work: newBreaker(all.clock), requests: newBreaker(all.clock),
			host: host, all: all, own: all.Own == nil || all.Own(host),
		}
		t.alive, t.GiveUp = context.WithCancelCause(context.Background())
		all.byHost[host] = t
	}
	return t
}

// Busy names the hosts at which somebody holds a place, or waits to ask after an outage. After a
// run there are none.
func (all *Hosts) Busy() (hosts []string) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for host, t := range all.byHost {
		if t.busy() {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// Host holds back the workers of a run at one host: the limiter while the registry there limits
// requests, the circuit breakers while it is unavailable.
type Host struct {
	*limiter
	// work is the breaker of whole attempts, such as an image that the engine builds and pushes;
	// requests is that of single requests, which go through [Send]. They are two because an attempt
	// waits for its requests: if the attempt were the probe, its request would wait for the probe,
	// and neither would end.
	work, requests *breaker

	host string
	all  *Hosts
	// own says that the run publishes there.
	own bool
	// alive ends, by giveUp, when the run gives the host up: nobody waits for it any more.
	alive  context.Context
	GiveUp context.CancelCauseFunc
}

func (t *Host) busy() bool {
	t.limiter.mu.Lock()
	held := t.working + t.sending
	t.limiter.mu.Unlock()
	return held > 0 || t.work.busy() || t.requests.busy()
}

// begin returns when the limiter and a breaker let work begin. The caller has to leave the limiter
// afterwards.
func (t *Host) begin(ctx context.Context, count *int, b *breaker, again bool) (*pass, error) {
	if err := t.enter(ctx, count); err != nil {
		return nil, err
	}
	return t.goOn(ctx, count, b, again)
}

// tryBegin is begin for an attempt that does not wait. Nil: it would have to.
func (t *Host) tryBegin(again bool) *pass {
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
func (t *Host) goOn(ctx context.Context, count *int, b *breaker, again bool) (*pass, error) {
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

// endIfLost turns an image's failure into that of all images that need the host, if its registry
// stays unavailable.
func (t *Host) endIfLost(r Retry, err error) error {
	if classify.Of(err).Class == classify.Unavailable && (t.work.lost(r) || t.requests.lost(r)) {
		return &lostError{host: t.host, err: err}
	}
	return err
}
