package throttle

import (
	"context"
	"fmt"
	"sync"
	"time"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/clock"
	"dagger/eval-images/pipeline/stopwatch"
)

const (
	// OutageImages is how many images in a row have to fail before the breaker opens: one or two
	// may have a trouble of their own.
	OutageImages = 3
	// probeTime is how long everybody waits for the probe. An outage shows sooner; a probe that
	// takes longer is most likely an image that is being built.
	probeTime = 30 * time.Second
	// lostTime is how long a registry is unavailable to everybody, the pauses included, before the
	// run ends: where each request hangs for a minute, finding out image by image takes hours.
	lostTime = 15 * time.Minute
)

// breaker is a circuit breaker for a registry that becomes unavailable in the middle of a run.
//
// Closed, it lets everybody through. It opens when the registry is unavailable to several images in
// a row: then everybody waits. After a pause it is half-open: one of them goes through as the
// probe. Its answer closes the breaker for all, or opens it again for longer. After
// [Retry.OutageWaits] pauses in a row it stays closed until something succeeds.
//
// Failures are counted by the kind of work, because a registry may answer questions and store
// nothing.
type breaker struct {
	clock clock.Clock

	mu sync.Mutex
	// answered says whether anything has succeeded in this run. An address that never answered is
	// not worth a wait.
	answered bool
	// failed holds, by the kind of work, who has failed since such work last succeeded. A failure
	// of one kind counts for all kinds.
	failed map[string]map[*effort]bool
	// pauses counts the pauses since the kind of work that opened the breaker last succeeded, and
	// inRow those since anything did.
	pauses map[string]int
	inRow  int
	// opened is when the first of those in a row began.
	opened time.Time
	// open says that the breaker is open until that time, and half-open from then on; kind is the
	// kind of work that opened it.
	open  bool
	kind  string
	until time.Time
	// probe is under way; nil if none is.
	probe *pass
	// again counts the waiters that have failed before. One of them becomes the probe, because
	// their work is what the outage stops.
	again int
	// changed is closed, and replaced, when the waiters have to look again.
	changed chan struct{}
}

// busy says whether a probe is under way, or is to be.
func (b *breaker) busy() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.probe != nil || b.again > 0
}

// pass lets work through a breaker once. Its holder reports the end with succeeded, responded,
// unavailable or abandon.
type pass struct{ begun time.Time }

// effort is a piece of work that is tried, and its requests. It is not empty, so that each has an
// address of its own.
type effort struct{ _ byte }

func newBreaker(clock clock.Clock) *breaker {
	return &breaker{
		clock: clock, failed: map[string]map[*effort]bool{}, pauses: map[string]int{}, changed: make(chan struct{}),
	}
}

// enter returns when the breaker is closed or the caller is the probe, or with the context's error.
// Again says that the caller's work has failed before.
func (b *breaker) enter(ctx context.Context, again bool) (*pass, error) {
	defer stopwatch.Pause(ctx)()
	if again {
		b.wait(1)
		defer b.wait(-1)
	}
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		pass, left, changed := b.tryEnter(again)
		switch {
		case pass != nil:
			return pass, nil
		case left > 0:
			if err := b.clock.Sleep(ctx, left); err != nil {
				return nil, err
			}
		default:
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
	}
}

// wait adds to the waiters that have failed before.
func (b *breaker) wait(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.again += n
	if b.again == 0 {
		b.notify() // Now any other waiter may be the probe.
	}
}

// tryEnter gives a pass, or how much of the pause is left, or what to wait for.
func (b *breaker) tryEnter(again bool) (*pass, time.Duration, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	if !b.open {
		return &pass{begun: now}, 0, nil
	}
	if left := b.until.Sub(now); left > 0 {
		return nil, left, nil
	}
	if b.probe != nil || !again && b.again > 0 {
		return nil, 0, b.changed
	}
	probe := &pass{begun: now}
	b.probe = probe
	b.clock.AfterFunc(probeTime, func() { b.responded(probe) })
	return probe, 0, nil
}

// succeeded reports a success, which closes the breaker. A success that began before the end of the
// last pause says nothing of the registry since then.
func (b *breaker) succeeded(p *pass, kind string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answered = true
	if b.late(p) {
		return
	}
	b.failed[kind], b.pauses[kind], b.inRow = map[*effort]bool{}, 0, 0
	b.close(p)
}

// responded reports any other end that is no outage: a refusal, or a mistake in a recipe. After
// such a probe everybody goes on and finds out.
func (b *breaker) responded(p *pass) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.close(p)
}

// abandon reports work that was told to stop. If it was the probe, another waiter becomes it.
func (b *breaker) abandon(p *pass) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.probe == p {
		b.probe = nil
		b.notify()
	}
}

// mayBeAlone notes a failure, and says whether others may be spared it: it is not the probe's, and
// the breaker has not opened meanwhile.
func (b *breaker) mayBeAlone(p *pass, kind string, who *effort) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note(kind, who)
	return b.probe != p && !b.late(p)
}

// note counts a failure. The breaker is locked.
func (b *breaker) note(kind string, who *effort) {
	if b.failed[kind] == nil {
		b.failed[kind] = map[*effort]bool{}
	}
	for _, failed := range b.failed {
		failed[who] = true
	}
}

// unavailable reports work that has failed because the registry is unavailable, and says whether to
// wait for the registry and do it again, which is no attempt. Work that began before the end of the
// last pause met the same outage, even if that is over.
func (b *breaker) unavailable(r Retry, p *pass, kind string, who *effort) (again bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note(kind, who)
	switch {
	case b.probe == p:
		kind = b.kind
	case b.late(p):
		return true
	case !b.answered || len(b.failed[kind]) < OutageImages:
		return false
	}
	if b.pauses[kind] >= r.OutageWaits || b.inRow >= r.OutageWaits {
		b.close(p)
		return false
	}
	b.pauses[kind]++
	if b.inRow++; b.inRow == 1 {
		b.opened = b.clock.Now()
	}
	b.open, b.kind, b.probe = true, kind, nil
	b.until = b.clock.Now().Add(backoff(r.First, r.Longest, b.pauses[kind]))
	b.notify()
	return true
}

// lost says whether nothing has succeeded since the breaker opened, after all its pauses and for
// long enough.
func (b *breaker) lost(r Retry) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.inRow > 0 && b.inRow >= r.OutageWaits && b.clock.Now().Sub(b.opened) >= lostTime
}

// late says whether work began before the end of the last pause. The breaker is locked.
func (b *breaker) late(p *pass) bool { return p.begun.Before(b.until) }

// close closes the breaker if this is the probe. The breaker is locked.
func (b *breaker) close(p *pass) {
	if b.probe == p {
		b.open, b.probe = false, nil
		b.notify()
	}
}

// notify wakes those who wait.
func (b *breaker) notify() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// lostError is the end of what needs a host whose registry stays unavailable.
type lostError struct {
	host string
	err  error
}

// Error says how long the registry has been unavailable, and the last failure.
func (e *lostError) Error() string {
	return fmt.Sprintf("the registry has been unavailable for more than %.0f minutes: %v", lostTime.Minutes(), e.err)
}

// Unwrap gives the last failure.
func (e *lostError) Unwrap() error { return e.err }

// Cause is fatal: every other image that needs the host would meet the same. What to do stays the
// same.
func (e *lostError) Cause() classify.Result {
	return classify.Result{Class: classify.Fatal, Advice: classify.Of(e.err).Advice}
}
