package throttle

import (
	"context"
	"slices"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/stopwatch"
)

// visit is one attempt's way through the throttles of the hosts that it needs.
type visit struct {
	// hosts begin with the one that the attempt belongs to: its target's.
	hosts  []*Host
	passes map[*Host]*pass
}

func newVisit(target *Host, others []*Host) *visit {
	v := &visit{passes: map[*Host]*pass{}}
	for _, t := range append([]*Host{target}, others...) {
		v.add(t)
	}
	return v
}

// add has the next attempt wait for one more host.
func (v *visit) add(t *Host) {
	if !slices.Contains(v.hosts, t) {
		v.hosts = append(v.hosts, t)
	}
}

// begin returns when all hosts let the attempt begin. While it waits for one, it keeps nobody from
// another. Again says that the attempt is not the first. An error is the context's, or why the run
// gave a host up.
func (v *visit) begin(ctx context.Context, again bool) error {
	for {
		closed := v.tryBegin(again)
		switch {
		case closed == nil && ctx.Err() == nil:
			return nil
		case closed == nil: // Nobody comes who would leave.
			v.abandon()
			return context.Cause(ctx)
		}
		if err := v.await(ctx, closed, again); err != nil {
			return err
		}
	}
}

// tryBegin begins at all hosts. If one does not let it, tryBegin leaves all, and returns that one.
func (v *visit) tryBegin(again bool) (closed *Host) {
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

// await begins at one host, as soon as that lets it.
func (v *visit) await(ctx context.Context, t *Host, again bool) error {
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
	defer t.all.Rest()() // It may take long to get a place again: nothing is held meanwhile.
	pass, err := t.begin(ctx, &t.working, t.work, again)
	if err == nil {
		t.work.abandon(pass)
		t.leave(&t.working)
	}
	return err
}

// abandon ends what has begun, and reports no outcome to any host.
func (v *visit) abandon() {
	for t, pass := range v.passes {
		t.work.abandon(pass)
	}
	v.leave()
	clear(v.passes)
}

// leave makes room for others.
func (v *visit) leave() {
	for t := range v.passes {
		t.leave(&t.working)
	}
}

// blame is the throttle of the host that an attempt's error is about.
func (v *visit) blame(err error) *Host {
	if err == nil {
		return v.hosts[0]
	}
	var known []string
	for _, t := range v.hosts {
		known = append(known, t.host)
	}
	return v.hosts[0].all.At(classify.HostOf(err, known))
}

// report tells every host how the attempt ended, and says whether it met an outage. Such an attempt
// is made again after the outage. Blamed is the host that an error is about.
func (v *visit) report(ctx context.Context, r Retry, blamed *Host, kind string, who *effort, err error) (again bool) {
	defer clear(v.passes)
	if err == nil {
		for t, pass := range v.passes {
			t.succeeded(kind)
			t.work.succeeded(pass, kind)
		}
		return false
	}
	if v.passes[blamed] == nil { // Nobody knew that the attempt needs it.
		v.passes[blamed] = &pass{begun: v.passes[v.hosts[0]].begun}
	}
	for t, pass := range v.passes {
		switch {
		case t == blamed && ctx.Err() == nil:
			again = t.report(r, pass, kind, who, err)
		case blamed == v.hosts[0] && ctx.Err() == nil:
			t.work.responded(pass) // The target comes last.
		default:
			t.work.abandon(pass)
		}
	}
	return again
}

// report tells the breaker how an attempt failed, and says whether it met an outage.
func (t *Host) report(r Retry, p *pass, kind string, who *effort, err error) (again bool) {
	if classify.Of(err).Class != classify.Unavailable || wasSent(err) { // For the latter the breaker of requests has waited.
		t.work.responded(p)
		return false
	}
	return t.work.unavailable(r, p, kind, who)
}
