package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Retry says how often and after which pauses a piece of work is tried again. The zero value is [DefaultRetry].
type Retry struct {
	// Attempts in all, the first one included. Zero: 2.
	Attempts int
	// First is the pause after the first attempt; each later one is twice as long, up to Longest, give or take half of it. Zero: 2 s
	// and 60 s.
	First, Longest time.Duration
	// LimitFirst and LimitLongest are the same for a registry that limits requests: there all workers pause together, and the attempt
	// does not count. A registry that says how long it wants gets just that, LimitWaits times for the same thing. Zero: 15 s and 4 min.
	LimitFirst, LimitLongest time.Duration
	// LimitWaits is how often one image, or one request of it, waits out a limit. Zero: 8, which is about a quarter of an hour. After so
	// many pauses in which nobody succeeded the run ends: every other image would wait as long and for nothing.
	LimitWaits int
	// OutageWaits is how often in a row all workers pause, from First up to Longest, for a registry that has answered in this run and does
	// so to nobody any more. Such an attempt does not count. After that a failure is its image's again, until one succeeds. Zero: 6, which
	// is about two minutes. Negative: never.
	OutageWaits int
}

// DefaultRetry has the documented defaults.
var DefaultRetry = Retry{
	Attempts: 2, First: 2 * time.Second, Longest: time.Minute,
	LimitFirst: 15 * time.Second, LimitLongest: 4 * time.Minute, LimitWaits: 8,
	OutageWaits: 6,
}

func (r Retry) withDefaults() Retry {
	d := DefaultRetry
	orDefault(&r.Attempts, d.Attempts)
	orDefault(&r.First, d.First)
	orDefault(&r.Longest, d.Longest)
	orDefault(&r.LimitFirst, d.LimitFirst)
	orDefault(&r.LimitLongest, d.LimitLongest)
	orDefault(&r.LimitWaits, d.LimitWaits)
	orDefault(&r.OutageWaits, d.OutageWaits)
	return r
}

func orDefault[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}

// backoff is the pause after the nth try: first, doubled n-1 times, at most longest, and with up to half more or less by chance, so
// that those who failed together do not come back together.
func backoff(first, longest time.Duration, n int) time.Duration {
	pause := longest
	if shift := n - 1; shift < 30 && first<<shift < longest {
		pause = first << shift
	}
	return pause/2 + rand.N(pause)
}

// do tries work until it succeeds, fails for good, or is used up, and says how many attempts that took. Waits for a limit go
// through the gate, which all callers share; the kind of work is what its limits are counted by.
func (r Retry) do(ctx context.Context, gate *gate, kind string, work func(ctx context.Context) error) (attempts int, err error) {
	r = r.withDefaults()
	var last error
	who := new(effort)
	for waits, away := 0, 0; ; {
		if gate.enter(ctx, &gate.working) != nil {
			return attempts, stopped(ctx, last)
		}
		attempts++
		asked := gate.clock.Now()
		err := work(attempt{retry: r, gate: gate}.under(ctx))
		gate.leave(&gate.working)
		if err == nil {
			gate.succeeded(kind, asked)
			return attempts, nil
		}
		if last == nil || !cutOff(ctx, err) {
			last = err // An attempt that was cut off tells less than the one before.
		}
		if ctx.Err() != nil {
			return attempts, stopped(ctx, last)
		}
		meaning := CauseOf(err).Kind
		if meaning == KindUnavailable && r.away(gate, kind, asked, who) {
			away++
			continue
		}
		switch meaning {
		case KindLimited:
			waits++
			// The request that was refused was the last of the attempt, so it met the limit just now.
			if err := r.limited(gate, kind, gate.clock.Now(), waits, err); err != nil {
				return attempts, err
			}
		case KindTransient, KindUnavailable:
			if attempts-waits-away >= r.Attempts {
				return attempts, err
			}
			if gate.clock.Sleep(ctx, backoff(r.First, r.Longest, attempts-waits-away)) != nil {
				return attempts, stopped(ctx, last)
			}
		default:
			return attempts, err
		}
	}
}

// limited closes the gate for everybody after a limit, the nth that a piece of work or a request met since it asked first; asked is when
// it did so last. An error is the end: it was waited for often enough. A registry that says how long it wants gets just that, and it does
// not count, until it has refused the same thing so often that it is no longer believed.
func (r Retry) limited(gate *gate, kind string, asked time.Time, n int, err error) error {
	wait := CauseOf(err).Wait
	if wait > 0 && n <= r.LimitWaits {
		gate.pause("", asked, wait)
		return nil
	}
	if wait > 0 {
		n -= r.LimitWaits
	}
	if gate.pause(kind, asked, max(wait, backoff(r.LimitFirst, r.LimitLongest, n))) > r.LimitWaits {
		return &limitError{pauses: r.LimitWaits, err: err}
	}
	if n > r.LimitWaits {
		return &waitedError{waits: r.LimitWaits, err: err}
	}
	return nil
}

// stopped says what ended work that was not through with its attempts, and what the last of them failed with.
func stopped(ctx context.Context, last error) error {
	cause := context.Cause(ctx)
	if last == nil || ctx.Err() == context.Canceled && errors.Is(last, cause) { // Then it tells no more than that.
		return cause
	}
	return fmt.Errorf("%w: last: %w", cause, last)
}

// cutOff says whether an error is that of work which was told to stop.
func cutOff(ctx context.Context, err error) bool {
	return errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))
}
