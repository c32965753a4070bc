package throttle

import (
	"context"
	"errors"
	"fmt"

	"dagger/eval-images/pipeline/classify"
)

// Send sends one request to a host as soon as the limiter and the circuit breaker there let it. It
// sends the request again after a limit and after an outage, and [Retry.RequestAttempts] times if
// the registry is unavailable to this request only. None of these counts as an attempt of the work.
// Limits and failures are counted by the kind of request. A request must not wait for another one
// that goes through Send.
//
// The context must be that of an attempt, from [Hosts.Do]. With any other, Send just sends the
// request.
func (all *Hosts) Send(ctx context.Context, host, kind string, request func() error) error {
	who := effortOf(ctx)
	if who == nil {
		return request()
	}
	return all.at(classify.HostName(host)).send(ctx, kind, who, request)
}

func (t *hostThrottle) send(ctx context.Context, kind string, who *effort, request func() error) error {
	pass, err := t.begin(ctx, &t.sending, t.requests, false)
	if err != nil {
		return err
	}
	for limits, outages, tries := 0, 0, 1; ; {
		err := classify.Recovered(request)
		end := t.sent(ctx, pass, kind, who, tries, err)
		switch end {
		case endLimited:
			limits++
			if err := t.limited(kind, pass.begun, limits, err); err != nil {
				t.leave(&t.sending)
				return err
			}
			if t.stay(ctx, &t.sending) != nil {
				return stopped(ctx, err)
			}
		case endAlone:
			if t.clock.Sleep(ctx, backoff(t.retry.RequestFirst, t.retry.Longest, tries)) != nil {
				t.leave(&t.sending)
				return stopped(ctx, err)
			}
			tries++
		case endOutage:
			if outages++; outages > t.retry.mostOutages() {
				t.leave(&t.sending)
				return &sentError{err}
			}
		case endDone:
			t.leave(&t.sending)
			return err
		case endGivenUp:
			t.leave(&t.sending)
			return &sentError{err}
		}
		var stop error
		if pass, stop = t.goOn(ctx, &t.sending, t.requests, end != endLimited); stop != nil {
			return stopped(ctx, err)
		}
	}
}

// requestEnd is what happens to a request after its answer.
type requestEnd int

const (
	endDone    requestEnd = iota // Nothing: it was answered.
	endGivenUp                   // Nothing: the registry is unavailable, and the tries are used up.
	endLimited                   // It is sent again after the limit.
	endOutage                    // It is sent again after the outage.
	endAlone                     // It is sent again after a pause of its own.
)

// sent tells the throttle how a request ended, which was sent so many times.
func (t *hostThrottle) sent(ctx context.Context, p *pass, kind string, who *effort, tries int, err error) requestEnd {
	if err == nil {
		t.answered(kind)
		t.requests.succeeded(p, kind)
		return endDone
	}
	if ctx.Err() != nil {
		t.requests.abandon(p)
		return endDone
	}
	switch classify.Of(err).Class {
	case classify.Unavailable:
		// A request that hung took long enough: it is the next attempt that sends it again.
		quick := t.clock.Now().Sub(p.begun) < probeTime
		if t.requests.mayBeAlone(p, kind, who) && quick && tries < t.retry.RequestAttempts {
			return endAlone
		}
		if t.requests.unavailable(p, kind, who) {
			return endOutage
		}
		return endGivenUp
	case classify.Limited:
		t.requests.responded(p)
		return endLimited
	default:
		t.requests.responded(p)
		return endDone
	}
}

// sentError is the error of a request that [Hosts.Send] gave up because the registry is
// unavailable.
type sentError struct{ err error }

// Error returns the request's error.
func (e *sentError) Error() string { return e.err.Error() }

// Unwrap returns the request's error.
func (e *sentError) Unwrap() error { return e.err }

func wasSent(err error) bool {
	var sent *sentError
	return errors.As(err, &sent)
}

// waitedError is the error of one request or image that stays limited while others are answered.
type waitedError struct {
	waits int
	err   error
}

// Error says how many waits there were, and the last answer.
func (e *waitedError) Error() string {
	if e.waits == 0 {
		return e.err.Error()
	}
	return fmt.Sprintf("after %d waits: %v", e.waits, e.err)
}

// Unwrap returns the registry's last answer.
func (e *waitedError) Unwrap() error { return e.err }

// Cause is permanent: it was tried often enough. The advice is that of the last answer.
func (e *waitedError) Cause() classify.Result {
	of := classify.Of(e.err)
	return classify.Result{Class: classify.Permanent, Advice: of.Advice, OneTag: of.OneTag}
}
