package throttle

import (
	"context"
	"errors"
	"fmt"

	"dagger/eval-images/pipeline/classify"
)

// Send sends one request of a run to a registry's host as soon as the limiter and the circuit
// breaker there let it. It sends the request again after a limit and after an outage, and
// [Retry.RequestAttempts] times if the registry is unavailable to this request only. None of that
// counts as an attempt at the image. Limits and failures are counted by the kind of request. While
// the request runs it must not wait for another one that goes through here. Outside of a run the
// request is just sent.
func Send(ctx context.Context, host, kind string, request func() error) error {
	a, ok := ctx.Value(attemptKey{}).(attempt)
	if !ok {
		return request()
	}
	return a.send(ctx, a.throttles.At(classify.HostName(host)), kind, request)
}

func (a attempt) send(ctx context.Context, t *Host, kind string, request func() error) error {
	pass, err := t.begin(ctx, &t.sending, t.requests, false)
	if err != nil {
		return err
	}
	for limits, outages, tries := 0, 0, 1; ; {
		err := classify.Recovered(request)
		end := a.report(ctx, t, pass, kind, tries, err)
		switch end {
		case endLimited:
			limits++
			if err := a.retry.limited(t, kind, pass.begun, limits, err); err != nil {
				t.leave(&t.sending)
				return err
			}
			if t.stay(ctx, &t.sending) != nil {
				return stopped(ctx, err)
			}
		case endAlone:
			if t.clock.Sleep(ctx, backoff(a.retry.RequestFirst, a.retry.Longest, tries)) != nil {
				t.leave(&t.sending)
				return stopped(ctx, err)
			}
			tries++
		case endOutage:
			if outages++; outages > a.retry.mostOutages() {
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

// requestEnd is what becomes of a request after its answer.
type requestEnd int

const (
	endDone    requestEnd = iota // Nothing: it was answered.
	endGivenUp                   // Nothing: the registry is unavailable, and it was sent often enough.
	endLimited                   // It is sent again after the limit.
	endOutage                    // It is sent again after the outage.
	endAlone                     // It is sent again after a pause of its own.
)

// report tells the throttle how a request ended that was sent so many times.
func (a attempt) report(ctx context.Context, t *Host, p *pass, kind string, tries int, err error) requestEnd {
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
		// A request that hung has taken its time: to send it again is the next attempt's affair.
		quick := t.clock.Now().Sub(p.begun) < probeTime
		if t.requests.mayBeAlone(p, kind, a.who) && quick && tries < a.retry.RequestAttempts {
			return endAlone
		}
		if t.requests.unavailable(a.retry, p, kind, a.who) {
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

// attempt is what a piece of work that is tried hands on to its requests.
type attempt struct {
	retry     Retry
	throttles *Hosts
	who       *effort
}

type attemptKey struct{}

// under gives a context whose requests go through the throttles.
func (a attempt) under(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

// sentError is the error of a request that [Send] has given up because the registry is unavailable.
type sentError struct{ err error }

// Error is that of the request.
func (e *sentError) Error() string { return e.err.Error() }

// Unwrap gives the error of the request.
func (e *sentError) Unwrap() error { return e.err }

func wasSent(err error) bool {
	var sent *sentError
	return errors.As(err, &sent)
}

// waitedError is a limit of one request's that waiting does not help against, while others are
// answered.
type waitedError struct {
	waits int
	err   error
}

// Error says how often was waited, and for what.
func (e *waitedError) Error() string {
	if e.waits == 0 {
		return e.err.Error()
	}
	return fmt.Sprintf("after %d waits: %v", e.waits, e.err)
}

// Unwrap gives what the registry answered last.
func (e *waitedError) Unwrap() error { return e.err }

// Cause is permanent: it was tried often enough. What to do stays the same.
func (e *waitedError) Cause() classify.Result {
	of := classify.Of(e.err)
	return classify.Result{Class: classify.Permanent, Advice: of.Advice, OneTag: of.OneTag}
}
