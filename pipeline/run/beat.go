package run

import (
	"fmt"
	"sync"
	"time"
)

// untilNext returns the time from one line to the next, a while after the first. The lines pass
// through the engine, so a run cannot know whether they end in a terminal, which could show one
// line that changes, or in a log. So there are many while somebody watches how a run begins, and
// few in the log of one that takes hours: 48 in the first ten minutes, and then 60 an hour.
func untilNext(since time.Duration) time.Duration {
	switch {
	case since < time.Minute:
		return 5 * time.Second
	case since < 10*time.Minute:
		return 15 * time.Second
	}
	return time.Minute
}

// beat reports progress from time to time until the returned function is called.
func (r *run) beat() (stop func()) {
	if r.Report == nil {
		return func() {}
	}
	moved, _ := r.traffic()
	r.progress.speed(r.clock.Now(), moved)
	b := &beats{run: r}
	b.next()
	return b.stop
}

// beats are the lines of a run that come by the clock.
type beats struct {
	run *run

	mu      sync.Mutex
	stopped bool
	cancel  func()
}

// next sets the timer of the next line.
func (b *beats) next() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return
	}
	pause := b.run.Heartbeat
	if pause <= 0 {
		pause = untilNext(b.run.clock.Now().Sub(b.run.started))
	}
	b.cancel = b.run.clock.AfterFunc(pause, b.report)
}

// report reports a line. It holds stop up meanwhile, so that no line follows it.
func (b *beats) report() {
	b.mu.Lock()
	if !b.stopped {
		moved, total := b.run.traffic()
		b.run.tell("%s", b.run.progress.line(b.run.clock.Now(), moved, total))
	}
	b.mu.Unlock()
	b.next()
}

func (b *beats) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.cancel()
}

// traffic returns the bytes that the run has moved so far, and those that it needs as far as known.
func (r *run) traffic() (moved, total int64) {
	if r.Traffic == nil {
		return 0, 0
	}
	return r.Traffic()
}

// tell reports a line about the begin or end of a phase.
func (r *run) tell(format string, args ...any) {
	if r.Report != nil {
		r.Report(fmt.Sprintf(format, args...))
	}
}

// took returns the time since the phase began.
func (r *run) took() time.Duration { return r.clock.Now().Sub(r.progress.began).Round(time.Second) }
