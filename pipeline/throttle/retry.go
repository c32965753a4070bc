package throttle

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"dagger/eval-images/pipeline/classify"
)

// Retry says how often and after which pauses a piece of work is tried again. The zero value is
// [DefaultRetry].
type Retry struct {
	// Attempts in all, the first one included. Zero: 2.
	Attempts int
	// First is the pause after the first attempt; each later one is twice as long, up to Longest,
	// give or take half of it. Zero: 2 s and 60 s.
	First, Longest time.Duration
	// RequestAttempts is how often one request is sent in all, within an attempt, while the
	// registry is unavailable to it. The first pause between them is RequestFirst; it doubles, as
	// First does. Zero: 3 and 250 ms.
	RequestAttempts int
	RequestFirst    time.Duration
	// LimitFirst and LimitLongest are the same for a registry that limits requests: there all
	// workers pause together, and the attempt does not count. A registry that says how long it
	// wants gets just that, LimitWaits times for the same thing. Zero: 15 s and 4 min.
	LimitFirst, LimitLongest time.Duration
	// LimitWaits is how often one image, or one request of it, waits out a limit. Zero: 8, which is
	// about a quarter of an hour. After so many pauses in which nobody succeeded the run ends:
	// every other image would wait as long and for nothing. If the limit is that of a host which
	// the run does not publish to, it goes on without the images that need this host.
	LimitWaits int
	// DoubtfulWaits takes the place of LimitWaits for a refusal that may be no limit at all. Zero:
	// 3, about two minutes.
	DoubtfulWaits int
	// OutageWaits is how often in a row all workers wait, from First up to Longest, for a registry
	// that has answered in this run and is unavailable to everybody now. After each wait one of
	// them asks, and its answer decides for all. What fails meanwhile is none of the Attempts.
	// After the last wait a failure is its image's again, until something succeeds; a quarter of an
	// hour after the first wait the run ends, as after limits. Zero: 6, about two minutes.
	// Negative: never.
	OutageWaits int
}

// DefaultRetry has the documented defaults.
var DefaultRetry = Retry{
	Attempts: 2, First: 2 * time.Second, Longest: time.Minute,
	RequestAttempts: 3, RequestFirst: 250 * time.Millisecond,
	LimitFirst: 15 * time.Second, LimitLongest: 4 * time.Minute, LimitWaits: 8, DoubtfulWaits: 3,
	OutageWaits: 6,
}

func (r Retry) withDefaults() Retry {
	d := DefaultRetry
	OrDefault(&r.Attempts, d.Attempts)
	OrDefault(&r.First, d.First)
	OrDefault(&r.Longest, d.Longest)
	OrDefault(&r.RequestAttempts, d.RequestAttempts)
	OrDefault(&r.RequestFirst, d.RequestFirst)
	OrDefault(&r.LimitFirst, d.LimitFirst)
	OrDefault(&r.LimitLongest, d.LimitLongest)
	OrDefault(&r.LimitWaits, d.LimitWaits)
	OrDefault(&r.DoubtfulWaits, d.DoubtfulWaits)
	OrDefault(&r.OutageWaits, d.OutageWaits)
	return r
}

// OrDefault sets a value that is zero.
func OrDefault[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}

// backoff is the pause after the nth try: first, doubled n-1 times, at most longest, and with up to
// half more or less by chance, so that those who failed together do not come back together.
func backoff(first, longest time.Duration, n int) time.Duration {
	pause := longest
	if shift := n - 1; shift < 30 && first<<shift < longest {
		pause = first << shift
	}
	return pause/2 + rand.N(pause)
}

// Do tries work until it succeeds, fails for good, or has used up its attempts, and returns how
// many that took. The work belongs to the host of its target; it may need others as well. All
// callers share the hosts' throttles, which count limits and failures by the kind of work.
func (r Retry) Do(
	ctx context.Context, target *Host, kind string, work func(ctx context.Context) error, others ...*Host,
) (attempts int, err error) {
	r = r.withDefaults()
	var last error
	who, again, at := new(effort), false, newVisit(target, others)
	met := map[*Host]int{} // limits
	for limits, outages := 0, 0; ; {
		switch err := at.begin(ctx, again); { // Without an error it has to leave, even if it is stopped by now.
		case err != nil && ctx.Err() != nil:
			return attempts, stopped(ctx, last)
		case err != nil:
			return attempts, err
		}
		attempts++
		err = classify.Recovered(func() error { return work(attempt{retry: r, throttles: target.all, who: who}.under(ctx)) })
		at.leave()
		if last == nil || !cutOff(ctx, err) {
			last = err // An attempt that was cut off tells less than the one before.
		}
		blamed := at.blame(err)
		switch again = at.report(ctx, r, blamed, kind, who, err); {
		case err == nil:
			return attempts, nil
		case ctx.Err() != nil:
			return attempts, stopped(ctx, last)
		}
		at.add(blamed)
		if again {
			if outages++; outages > r.mostOutages() {
				return attempts, blamed.endIfLost(r, err)
			}
			continue
		}
		switch classify.Of(err).Class {
		case classify.Limited:
			limits++
			met[blamed]++
			// The request that was refused was the last of the attempt, so it met the limit just
			// now.
			if err := r.limited(blamed, kind, blamed.clock.Now(), met[blamed], err); err != nil {
				return attempts, err
			}
		case classify.Transient, classify.Unavailable:
			if attempts-limits-outages >= r.Attempts {
				return attempts, blamed.endIfLost(r, err)
			}
			if blamed.clock.Sleep(ctx, backoff(r.First, r.Longest, attempts-limits-outages)) != nil {
				return attempts, stopped(ctx, last)
			}
		default:
			return attempts, err
		}
	}
}

// mostOutages is how often one attempt or request is made again after an outage: those of two
// outages. A registry that comes and goes would otherwise be asked until the image's time is over.
func (r Retry) mostOutages() int { return 2 * max(0, r.OutageWaits) }

// limited holds back everybody who needs a host after a limit there, the nth that a piece of work
// or a request met since it asked first; asked is when it did so last. An error is the end: it was
// waited for often enough. A registry that says how long it wants gets just that, and it does not
// count, until it has refused the same thing so often that it is no longer believed.
func (r Retry) limited(t *Host, kind string, asked time.Time, n int, err error) error {
	cause, waits := classify.Of(err), r.LimitWaits
	if cause.Doubtful {
		waits = min(waits, r.DoubtfulWaits)
	}
	if cause.Wait > 0 && n <= waits {
		t.pause("", asked, cause.Wait)
		return nil
	}
	if cause.Wait > 0 {
		n -= waits
	}
	inRow := t.pause(kind, asked, max(cause.Wait, backoff(r.LimitFirst, r.LimitLongest, n)))
	if inRow > waits && !cause.OneTag { // A refused tag says nothing of others.
		return &limitError{host: t.host, pauses: waits, err: err}
	}
	if n > waits || inRow > waits {
		return &waitedError{waits: min(n-1, waits), err: err}
	}
	return nil
}

// stopped says what ended work that was not through with its attempts, and what the last of them
// failed with.
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
