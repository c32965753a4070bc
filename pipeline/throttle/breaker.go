package throttle

import (
	"context"
	"sync"
	"time"

	"dagger/eval-images/pipeline/clock"
	"dagger/eval-images/pipeline/stopwatch"
)

const (
	// OutageImages is how many images in a row must fail before the breaker opens: one or two may
	// fail for reasons of their own.
	OutageImages = 3
	// probeTime is how long everybody waits for the probe. An outage shows sooner. A probe that
	// takes longer is most likely an image that is being built.
	probeTime = 30 * time.Second
	// lostTime is how long a registry may be unavailable to everybody, pauses included, before the
	// run ends. If each request hangs for a minute, trying image by image would take hours.
	lostTime = 15 * time.Minute
)

// breaker is a circuit breaker for a registry that becomes unavailable in the middle of a run.
//
// A closed breaker lets everybody through. It opens when the registry is unavailable to several
// images in a row: then everybody waits. After a pause it is half-open: one waiter goes through as
// the probe. The probe's answer closes the breaker for all, or opens it again for longer. After
// [Retry.OutageWaits] pauses in a row it stays closed until something succeeds.
//
// Failures are counted by the kind of work, because a registry may answer reads and store nothing.
type breaker struct {
	clock clock.Clock
	retry Retry

	mu sync.Mutex
	// answered says whether anything has succeeded in this run. A host that never answered is not
	// waited for.
	answered bool
	// failed holds, by the kind of work, which efforts have failed since such work last succeeded.
	// A failure of one kind counts for all kinds.
	failed map[string]map[*effort]bool
	// pauses counts the pauses since the kind of work that opened the breaker last succeeded; inRow
	// counts those since any work succeeded.
	pauses map[string]int
	inRow  int
	// opened is when the first pause in a row began.
	opened time.Time
	// open says that the breaker is open until the time in until, and half-open afterwards; kind is
	// the kind of work that opened it.
	open  bool
	kind  string
	until time.Time
	// probe that is under way. Nil: there is none.
	probe *pass
	// again counts the waiters that have failed before. One of them becomes the probe, because it
	// is their work that the outage stops.
	again int
	// changed is closed, and replaced, when the waiters must look again.
	changed chan struct{}
}

// busy reports whether a probe is under way, or somebody waits to be it.
func (b *breaker) busy() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.probe != nil || b.again > 0
}

// pass lets work through a breaker once. Its holder reports the end with succeeded, responded,
// unavailable or abandon.
type pass struct{ begun time.Time }

func newBreaker(clock clock.Clock, retry Retry) *breaker {
	return &breaker{
		clock: clock, retry: retry, failed: map[string]map[*effort]bool{}, pauses: map[string]int{}, changed: make(chan struct{}),
	}
}

// enter waits until the breaker is closed or the caller is the probe. Its error is the context's.
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

// tryEnter returns a pass, or the rest of the pause, or a channel to wait for.
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

// succeeded reports a success, which closes the breaker. Work that began before the end of the last
// pause says nothing about the registry since then.
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

// responded reports any other end that is no outage, such as a refusal or an error in a recipe.
// After such a probe everybody goes on.
func (b *breaker) responded(p *pass) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.close(p)
}

// abandon reports work that was cancelled. If it was the probe, another waiter becomes the probe.
func (b *breaker) abandon(p *pass) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.probe == p {
		b.probe = nil
		b.notify()
	}
}

// mayBeAlone counts a failure, and reports whether it may be the only one: it is not the probe's,
// and the breaker has not opened meanwhile.
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

// unavailable reports that work failed because the registry is unavailable, and returns whether to
// wait for the registry and repeat the work, which is no further attempt. Work that began before
// the end of the last pause met the same outage, even if that is over.
func (b *breaker) unavailable(p *pass, kind string, who *effort) (again bool) {
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
	if b.pauses[kind] >= b.retry.OutageWaits || b.inRow >= b.retry.OutageWaits {
		b.close(p)
		return false
	}
	b.pauses[kind]++
	if b.inRow++; b.inRow == 1 {
		b.opened = b.clock.Now()
	}
	b.open, b.kind, b.probe = true, kind, nil
	b.until = b.clock.Now().Add(backoff(b.retry.First, b.retry.Longest, b.pauses[kind]))
	b.notify()
	return true
}

// lost reports whether the registry is given up: nothing has succeeded for lostTime, nor after any
// of the pauses.
func (b *breaker) lost() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.inRow > 0 && b.inRow >= b.retry.OutageWaits && b.clock.Now().Sub(b.opened) >= lostTime
}

// late reports whether work began before the end of the last pause. The breaker is locked.
func (b *breaker) late(p *pass) bool { return p.begun.Before(b.until) }

// close closes the breaker if this is the probe. The breaker is locked.
func (b *breaker) close(p *pass) {
	if b.probe == p {
		b.open, b.probe = false, nil
		b.notify()
	}
}

// notify wakes the waiters. The breaker is locked.
func (b *breaker) notify() {
	close(b.changed)
	b.changed = make(chan struct{})
}
