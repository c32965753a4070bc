package throttle

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dagger/eval-images/pipeline/classify"
)

// Do tries work until it succeeds, fails for good, or has used up its attempts. It returns the
// number of attempts. The work belongs to the first of the hosts, and needs the others as well.
// Limits and failures are counted by the kind of work. The requests of the work are to be sent by
// [Hosts.Send], with the context that the work gets.
func (all *Hosts) Do(ctx context.Context, kind string, hosts []string, work func(ctx context.Context) error) (attempts int, err error) {
	var last error
	who, again, at := new(effort), false, newVisit(all, hosts)
	met := map[*hostThrottle]int{} // limits
	for limits, outages := 0, 0; ; {
		switch err := at.begin(ctx, again); { // Without an error it must leave, even if it is cancelled by now.
		case err != nil && ctx.Err() != nil:
			return attempts, stopped(ctx, last)
		case err != nil:
			return attempts, err
		}
		attempts++
		err = classify.Recovered(func() error { return work(who.under(ctx)) })
		at.leave()
		if last == nil || !cutOff(ctx, err) {
			last = err // An attempt that was cut off tells less than the one before.
		}
		blamed := at.blame(err)
		switch again = at.report(ctx, blamed, kind, who, err); {
		case err == nil:
			return attempts, nil
		case ctx.Err() != nil:
			return attempts, stopped(ctx, last)
		}
		at.add(blamed)
		if again {
			if outages++; outages > blamed.retry.mostOutages() {
				return attempts, blamed.endIfLost(err)
			}
			continue
		}
		switch classify.Of(err).Class {
		case classify.Limited:
			limits++
			met[blamed]++
			// The refused request was the last one of the attempt, so the limit was met just now.
			if err := blamed.limited(kind, blamed.clock.Now(), met[blamed], err); err != nil {
				return attempts, err
			}
		case classify.Transient, classify.Unavailable:
			tries := attempts - limits - outages
			if tries >= blamed.retry.Attempts {
				return attempts, blamed.endIfLost(err)
			}
			if blamed.clock.Sleep(ctx, backoff(blamed.retry.First, blamed.retry.Longest, tries)) != nil {
				return attempts, stopped(ctx, last)
			}
		default:
			return attempts, err
		}
	}
}

// limited holds back everybody who needs the host, after a piece of work or a request met its nth
// limit there. Asked is when that attempt or request began. An error means that the waits are used
// up. If the registry names a wait, everybody waits for just that time, and the wait does not
// count; after [Retry.LimitWaits] such waits for the same thing the registry is no longer believed.
func (t *hostThrottle) limited(kind string, asked time.Time, n int, err error) error {
	cause, waits := classify.Of(err), t.retry.LimitWaits
	if cause.Doubtful {
		waits = min(waits, t.retry.DoubtfulWaits)
	}
	if cause.Wait > 0 && n <= waits {
		t.pause("", asked, cause.Wait)
		return nil
	}
	if cause.Wait > 0 {
		n -= waits
	}
	inRow := t.pause(kind, asked, max(cause.Wait, backoff(t.retry.LimitFirst, t.retry.LimitLongest, n)))
	if inRow > waits && !cause.OneTag { // A refused tag says nothing about others.
		return &limitError{host: t.host, pauses: waits, err: err}
	}
	if n > waits || inRow > waits {
		return &waitedError{waits: min(n-1, waits), err: err}
	}
	return nil
}

// stopped is the error of work that was cancelled before its attempts were used up: why it was, and
// the failure of the last attempt.
func stopped(ctx context.Context, last error) error {
	cause := context.Cause(ctx)
	if last == nil || ctx.Err() == context.Canceled && errors.Is(last, cause) { // Then last says the same.
		return cause
	}
	return fmt.Errorf("%w: last: %w", cause, last)
}

// cutOff reports whether an error only says that the work was cancelled.
func cutOff(ctx context.Context, err error) bool {
	return errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx))
}
