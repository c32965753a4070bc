package throttle

import (
	"context"
	"slices"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/stopwatch"
)

// visit passes one attempt after the other through the throttles of the hosts that they need.
type visit struct {
	// hosts that an attempt needs. The attempt belongs to the first.
	hosts  []*hostThrottle
	passes map[*hostThrottle]*pass
}

func newVisit(all *Hosts, hosts []string) *visit {
	v := &visit{passes: map[*hostThrottle]*pass{}}
	for _, host := range hosts {
		v.add(all.at(host))
	}
	return v
}

// add makes the next attempt wait for one more host.
func (v *visit) add(t *hostThrottle) {
	if !slices.Contains(v.hosts, t) {
		v.hosts = append(v.hosts, t)
	}
}

// begin waits until all hosts let the attempt begin. While it waits for one, it holds no slot at
// another. Again says that the attempt is not the first. The error is the context's, or the reason
// for which the run gave a host up.
func (v *visit) begin(ctx context.Context, again bool) error {
	for {
		closed := v.tryBegin(again)
		switch {
		case closed == nil && ctx.Err() == nil:
			return nil
		case closed == nil: // The caller will not leave.
			v.abandon()
			return context.Cause(ctx)
		}
		if err := v.await(ctx, closed, again); err != nil {
			return err
		}
	}
}

// tryBegin begins at all hosts. If one would make it wait, tryBegin leaves all, and returns that
// one.
func (v *visit) tryBegin(again bool) (closed *hostThrottle) {
	for _, t := range v.hosts {
		if v.passes[t] != nil {
			continue // It was waited for.
		}
		pass := t.tryBegin(again)
		if pass == nil {
			v.abandon()
			return t
		}
		v.passes[t] = pass
	}
	return nil
}

// await waits until it may begin at one host.
func (v *visit) await(ctx context.Context, t *hostThrottle, again bool) error {
	defer stopwatch.Pause(ctx)()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(t.alive, func() { cancel(context.Cause(t.alive)) })()
	if t.own {
		pass, err := t.begin(ctx, &t.working, t.work, again)
		if err == nil {
			v.passes[t] = pass
		}
		return err
	}
	defer t.all.rest()() // Acquiring a slot again may take long: nothing is held meanwhile.
	pass, err := t.begin(ctx, &t.working, t.work, again)
	if err == nil {
		t.work.abandon(pass)
		t.leave(&t.working)
	}
	return err
}

// abandon leaves all hosts, and reports no outcome to any.
func (v *visit) abandon() {
	for t, pass := range v.passes {
		t.work.abandon(pass)
	}
	v.leave()
	clear(v.passes)
}

// leave frees the attempt's slots.
func (v *visit) leave() {
	for t := range v.passes {
		t.leave(&t.working)
	}
}

// blame returns the throttle of the host that an attempt's error is about.
func (v *visit) blame(err error) *hostThrottle {
	if err == nil {
		return v.hosts[0]
	}
	var known []string
	for _, t := range v.hosts {
		known = append(known, t.host)
	}
	return v.hosts[0].all.at(classify.HostOf(err, known))
}

// report tells every host how the attempt ended, and returns whether it met an outage, and is to be
// repeated afterwards. Blamed is the host that an error is about.
func (v *visit) report(ctx context.Context, blamed *hostThrottle, kind string, who *effort, err error) (again bool) {
	defer clear(v.passes)
	if err == nil {
		for t, pass := range v.passes {
			t.succeeded(kind)
			t.work.succeeded(pass, kind)
		}
		return false
	}
	if v.passes[blamed] == nil { // It was not known that the attempt needs this host.
		v.passes[blamed] = &pass{begun: v.passes[v.hosts[0]].begun}
	}
	for t, pass := range v.passes {
		switch {
		case t == blamed && ctx.Err() == nil:
			again = t.report(pass, kind, who, err)
		case blamed == v.hosts[0] && ctx.Err() == nil:
			t.work.responded(pass) // An attempt comes to its own host last.
		default:
			t.work.abandon(pass)
		}
	}
	return again
}

// report tells the breaker how an attempt failed, and returns whether it met an outage.
func (t *hostThrottle) report(p *pass, kind string, who *effort, err error) (again bool) {
	if classify.Of(err).Class != classify.Unavailable || wasSent(err) { // After a request, the breaker of requests has waited already.
		t.work.responded(p)
		return false
	}
	return t.work.unavailable(p, kind, who)
}
