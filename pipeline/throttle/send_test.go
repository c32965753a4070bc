package throttle

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/reference"
)

// inAttempt is the context of an attempt.
func inAttempt() context.Context { return new(effort).under(context.Background()) }

func TestARequestWaitsOutItsLimits(t *testing.T) {
	answers := func(errs ...error) (request func() error, sent *int) {
		sent = new(int)
		return func() error {
			*sent++
			if *sent <= len(errs) {
				return errs[*sent-1]
			}
			return nil
		}, sent
	}
	t.Run("for just as long as it is asked to", func(t *testing.T) {
		clock := clocktest.New()
		request, sent := answers(asksFor(time.Hour), asksFor(214700*time.Microsecond))
		require.NoError(t, newThrottle(clock, 12).all.Send(inAttempt(), reference.DockerHub, "PUT", request))
		assert.Equal(t, 3, *sent)
		assert.Equal(t, []time.Duration{time.Hour, 214700 * time.Microsecond}, clock.Slept)
	})
	t.Run("but not what is no limit", func(t *testing.T) {
		clock, broken := clocktest.New(), errors.New("400 Bad Request")
		request, sent := answers(broken)
		require.Equal(t, broken, newThrottle(clock, 12).all.Send(inAttempt(), reference.DockerHub, "PUT", request))
		assert.Equal(t, 1, *sent)
		assert.Empty(t, clock.Slept)
	})
	t.Run("and no further than the policy says: its own where others are answered, and the run where nobody is", func(t *testing.T) {
		for otherwise, kind := range map[bool]classify.Class{true: classify.Permanent, false: classify.Fatal} {
			clock, sent := clocktest.New(), 0
			g := newThrottle(clock, 100, Retry{LimitWaits: 3})
			err := g.all.Send(inAttempt(), reference.DockerHub, "PUT", func() error {
				sent++
				if otherwise {
					require.NoError(t, g.all.Send(inAttempt(), reference.DockerHub, "PUT", func() error { return nil }))
				}
				return limited("r")
			})
			require.ErrorContains(t, err, "429 Too Many Requests")
			assert.Equal(t, kind, classify.Of(err).Class)
			assert.Equal(t, 4, sent)
			assert.Zero(t, g.sending, "its place is free")
		}
	})
	t.Run("and a registry that names a wait again and again is believed so often, and then backed off from", func(t *testing.T) {
		const named = 200 * time.Millisecond
		clock := clocktest.New()
		err := newThrottle(clock, 12, Retry{LimitWaits: 3}).all.Send(inAttempt(), reference.DockerHub, "PUT", func() error { return asksFor(named) })
		assert.Equal(t, classify.Fatal, classify.Of(err).Class)
		require.Len(t, clock.Slept, 6)
		assert.Equal(t, []time.Duration{named, named, named}, clock.Slept[:3])
		assert.Greater(t, clock.Slept[3], 5*time.Second)
	})
	t.Run("but never asked before the wait that it names is over", func(t *testing.T) {
		clock := clocktest.New()
		err := newThrottle(clock, 12, Retry{LimitWaits: 3}).all.Send(inAttempt(), reference.DockerHub, "PUT", func() error { return asksFor(time.Hour) })
		assert.Equal(t, classify.Fatal, classify.Of(err).Class)
		require.Len(t, clock.Slept, 6)
		for i, pause := range clock.Slept {
			assert.Equal(t, time.Hour, pause, "pause %d", i+1)
		}
	})
	t.Run("outside of a run it is just sent", func(t *testing.T) {
		request, sent := answers(asksFor(time.Hour))
		require.ErrorIs(t, newThrottle(clocktest.New(), 12).all.Send(context.Background(), reference.DockerHub, "PUT", request), asksFor(time.Hour))
		assert.Equal(t, 1, *sent)
	})
	t.Run("until it is told to stop, and then says what it waited for", func(t *testing.T) {
		clock := clocktest.New()
		g := newThrottle(clock, 12)
		ctx, stop := context.WithCancel(inAttempt())
		clock.OnSleep = stop
		err := g.all.Send(ctx, reference.DockerHub, "PUT", func() error { return asksFor(time.Hour) })
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, asksFor(time.Hour))
		assert.Zero(t, g.sending)
	})
}

// TestNoRequestBeginsInAPause: twelve workers are in the middle of their images when one request is
// refused. Each of the others ends the request that it has under way, and begins none before the
// pause is over; after it six go on at a time.
func TestNoRequestBeginsInAPause(t *testing.T) {
	const workers = 12
	clock := clocktest.New()
	asleep, over := make(chan struct{}, 100), make(chan struct{})
	clock.OnSleep = func() { asleep <- struct{}{}; <-over }
	g := newThrottle(clock, workers)
	ctx := inAttempt()

	var underway, ended sync.WaitGroup
	underway.Add(workers)
	closed := make(chan struct{})
	second := make(chan struct{}, workers)
	for i := range workers {
		ended.Add(1)
		go func() {
			defer ended.Done()
			refuse := i == 0
			assert.NoError(t, g.all.Send(ctx, reference.DockerHub, "PUT", func() error {
				if refuse {
					refuse = false
					underway.Done()
					underway.Wait()
					return asksFor(time.Hour)
				}
				if i > 0 {
					underway.Done()
					<-closed
				}
				return nil
			}))
			assert.NoError(t, g.all.Send(ctx, reference.DockerHub, "PUT", func() error { second <- struct{}{}; return nil }))
		}()
	}
	<-asleep // Who was refused.
	close(closed)
	for range workers - 1 {
		<-asleep // The others, each before its second request.
	}
	assert.Empty(t, second)
	assert.Equal(t, 6, g.allowed)
	close(over)
	ended.Wait()
	assert.Len(t, second, workers)
}

// TestWhoWasRefusedIsNext: a registry that answers one request after each pause would otherwise
// refuse the same ones again and again.
func TestWhoWasRefusedIsNext(t *testing.T) {
	clock := clocktest.New()
	g := newThrottle(clock, 4)
	ctx := context.Background()
	for range 4 {
		require.NoError(t, g.enter(ctx, &g.sending))
	}
	g.pause("PUT", clock.Now(), time.Second)
	require.NoError(t, clock.Sleep(ctx, time.Second))
	assert.True(t, g.makesRoom(&g.sending))
	assert.True(t, g.makesRoom(&g.sending))
	assert.False(t, g.makesRoom(&g.sending), "half of them go on at once")
	require.NoError(t, g.stay(ctx, &g.sending))
	assert.Equal(t, 2, g.sending)
	entered, full := g.tryEnter(&g.sending)
	assert.False(t, entered, "and nobody gets in between")
	assert.NotNil(t, full)
}

func TestARequestThatMayNotBeginIsNotSent(t *testing.T) {
	clock := clocktest.New()
	g := newThrottle(clock, 12)
	g.pause("PUT", clock.Now(), time.Hour)
	ctx, stop := context.WithCancel(inAttempt())
	clock.OnSleep = stop
	err := g.all.Send(ctx, reference.DockerHub, "PUT", func() error {
		assert.Fail(t, "it was sent")
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, g.sending)
}

func TestARequestThatFindsNoRoomWaits(t *testing.T) {
	g := newThrottle(clocktest.New(), 1)
	require.NoError(t, g.enter(context.Background(), &g.sending))
	ctx := counted{inAttempt(), make(chan struct{}, 10)}
	sent, ended := make(chan struct{}), make(chan error)
	go func() {
		ended <- g.all.Send(ctx, reference.DockerHub, "PUT", func() error { close(sent); return nil })
	}()
	select {
	case <-ctx.waits:
	case <-sent:
		assert.Fail(t, "it was sent beside the one that is under way")
	}
	g.leave(&g.sending)
	require.NoError(t, <-ended)
}

// TestHalfAsManyAreSentAtATimeAfterALimit: all of them are refused together.
func TestHalfAsManyAreSentAtATimeAfterALimit(t *testing.T) {
	const workers = 8
	clock := clocktest.New()
	clock.OnSleep = untilAllSleep(workers)
	g := newThrottle(clock, workers)
	ctx := inAttempt()
	var refused, ended sync.WaitGroup
	refused.Add(workers)
	for range workers {
		ended.Add(1)
		go func() {
			defer ended.Done()
			sent := 0
			assert.NoError(t, g.all.Send(ctx, reference.DockerHub, "PUT", func() error {
				if sent++; sent == 1 {
					refused.Done()
					refused.Wait()
					return asksFor(time.Second)
				}
				g.mu.Lock()
				defer g.mu.Unlock()
				assert.LessOrEqual(t, g.sending, workers/2)
				return nil
			}))
		}()
	}
	ended.Wait()
}

func TestARequestIsSentAgainWhileTheRegistryIsUnavailableToIt(t *testing.T) {
	burst := errors.New("503 Service Unavailable")
	sendTimes := func(g *hostThrottle, failing int) (sent int, err error) {
		err = g.all.Send(inAttempt(), reference.DockerHub, "PUT", func() error {
			if sent++; sent <= failing {
				return burst
			}
			return nil
		})
		return sent, err
	}
	t.Run("after short pauses, within its attempt", func(t *testing.T) {
		clock := clocktest.New()
		sent, err := sendTimes(newThrottle(clock, 12), 2)
		require.NoError(t, err)
		assert.Equal(t, 3, sent)
		require.Len(t, clock.Slept, 2)
		for i, middle := range []time.Duration{250 * time.Millisecond, 500 * time.Millisecond} {
			assert.GreaterOrEqual(t, clock.Slept[i], middle/2)
			assert.Less(t, clock.Slept[i], middle*3/2)
		}
	})
	t.Run("three times", func(t *testing.T) {
		g := newThrottle(clocktest.New(), 12)
		sent, err := sendTimes(g, 9)
		require.ErrorIs(t, err, burst)
		assert.EqualError(t, err, burst.Error())
		assert.Equal(t, 3, sent)
		assert.Zero(t, g.sending, "its place is free")
	})
	t.Run("but not if it hung until then: that took long enough", func(t *testing.T) {
		clock, sent := clocktest.New(), 0
		err := newThrottle(clock, 12).all.Send(inAttempt(), reference.DockerHub, "PUT", func() error {
			sent++
			clock.Advance(probeTime)
			return errors.New("no answer within 1m0s")
		})
		require.ErrorContains(t, err, "no answer within")
		assert.Equal(t, 1, sent)
	})
	t.Run("until it is told to stop, and then says why it waited", func(t *testing.T) {
		clock := clocktest.New()
		g := newThrottle(clock, 12)
		ctx, stop := context.WithCancel(inAttempt())
		clock.OnSleep = stop
		err := g.all.Send(ctx, reference.DockerHub, "PUT", func() error { return burst })
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, burst)
		assert.Zero(t, g.sending)
	})
}

// TestAProbeIsNotSentAgainByItself: everybody waits for it. Its failure opens the breaker again at
// once.
func TestAProbeIsNotSentAgainByItself(t *testing.T) {
	g := newThrottle(clocktest.New(), 12)
	opens(t, g, g.requests)
	probe := enter(t, g.requests)
	end := g.sent(context.Background(), probe, "PUT", new(effort), 1, errors.New("503 Service Unavailable"))
	assert.Equal(t, endOutage, end)
	assert.Nil(t, g.requests.probe)
	assert.True(t, g.requests.until.After(g.clock.Now()), "there is another pause")
}

// TestOneRequestAsksForAllInAnOutage: twelve images are in the middle of being published when the
// registry goes away. Each finds out by its own request; after that one request at a time asks, and
// when it is answered all go on, with no attempt used up.
func TestOneRequestAsksForAllInAnOutage(t *testing.T) {
	const images, failing = 12, 4
	clock := clocktest.New()
	clock.OnSleep = untilAllSleep(images)
	g := newThrottle(clock, images, Retry{Attempts: 1})
	require.NoError(t, g.all.Send(inAttempt(), reference.DockerHub, "PUT", func() error { return nil }), "the registry has answered before")
	var probes, most, underway atomic.Int32
	var ended, together sync.WaitGroup
	together.Add(images)
	request := func(sent int) error {
		switch {
		case sent < DefaultRetry.RequestAttempts:
			return unreachable("r")
		case sent == DefaultRetry.RequestAttempts: // All of them for the last time.
			together.Done()
			together.Wait()
			return unreachable("r")
		case probes.Load() == failing:
			return nil
		}
		most.Store(max(most.Load(), underway.Add(1)))
		defer underway.Add(-1)
		if probes.Add(1) < failing {
			return unreachable("r")
		}
		return nil
	}
	for range images {
		ended.Add(1)
		go func() {
			defer ended.Done()
			attempts, err := g.do(context.Background(), "assemble", func(ctx context.Context) error {
				sent := 0
				return g.all.Send(ctx, reference.DockerHub, "PUT", func() error { sent++; return request(sent) })
			})
			assert.NoError(t, err)
			assert.Equal(t, 1, attempts, "no attempt is used up")
		}()
	}
	ended.Wait()
	assert.EqualValues(t, failing, probes.Load())
	assert.EqualValues(t, 1, most.Load(), "one at a time")
}

// TestAnOutageOfRequestsIsWaitedForOnce: the attempts that they belong to do not wait for it again.
func TestAnOutageOfRequestsIsWaitedForOnce(t *testing.T) {
	g := newThrottle(clocktest.New(), 12)
	ctx := context.Background()
	send := func(answer error) (attempts int, err error) {
		return g.do(ctx, "assemble", func(ctx context.Context) error {
			return g.all.Send(ctx, reference.DockerHub, "PUT", func() error { return answer })
		})
	}
	_, err := send(nil)
	require.NoError(t, err)
	for range 2 * OutageImages {
		attempts, err := send(unreachable("r"))
		require.ErrorContains(t, err, "connection refused")
		assert.Equal(t, DefaultRetry.Attempts, attempts)
	}
	assert.Equal(t, DefaultRetry.OutageWaits, g.requests.pauses["PUT"])
	assert.Empty(t, g.work.failed["assemble"])
}

// TestTheRequestsOfAnImageAreBounded: attempts, repeated requests, limits and outages multiply. The
// registry never answers one image's request, and it comes and goes for the others, so each outage
// ends and the next one begins.
func TestTheRequestsOfAnImageAreBounded(t *testing.T) {
	faults := []error{errors.New("503 Service Unavailable"), errors.New("connection reset by peer"), limited("r"), asksFor(time.Millisecond)}
	d := DefaultRetry
	most := d.Attempts * (d.RequestAttempts + 2*d.LimitWaits + d.mostOutages())
	for name, faults := range map[string][]error{"outages": faults[:2], "limits": faults[2:], "both": faults} {
		t.Run(name, func(t *testing.T) {
			g := newThrottle(clocktest.New(), 12)
			var sent atomic.Int32
			ended := make(chan struct{})
			var others sync.WaitGroup
			for i := range 3 * OutageImages {
				others.Add(1)
				go func() {
					defer others.Done()
					for n := 0; ; n++ {
						select {
						case <-ended:
							return
						default:
						}
						_, _ = g.do(context.Background(), "assemble", func(ctx context.Context) error {
							return g.all.Send(ctx, reference.DockerHub, "PUT", func() error {
								if (n+i)%4 == 0 {
									return nil
								}
								return faults[(n+i)%len(faults)]
							})
						})
					}
				}()
			}
			_, err := g.do(context.Background(), "assemble", func(ctx context.Context) error {
				return g.all.Send(ctx, reference.DockerHub, "PUT", func() error { return faults[int(sent.Add(1))%len(faults)] })
			})
			close(ended)
			others.Wait()
			require.Error(t, err)
			t.Logf("%d requests of at most %d", sent.Load(), most)
			assert.LessOrEqual(t, int(sent.Load()), most)
		})
	}
}

// TestOneOutageAfterTheOther: who meets each outage of a registry that comes and goes is given up
// some time.
func TestOneOutageAfterTheOther(t *testing.T) {
	failing := errors.New("503 Service Unavailable")
	// meet is one more outage for whoever has begun, and its error.
	meet := func(g *hostThrottle, b *breaker, n *int) error {
		if *n++; *n > 1000 {
			return nil
		}
		begun := &pass{begun: g.clock.Now()}
		b.succeeded(begun, "PUT") // The outage before is over.
		for range OutageImages {
			b.unavailable(begun, "PUT", new(effort))
		}
		return failing
	}
	t.Run("a request", func(t *testing.T) {
		g, n := newThrottle(clocktest.New(), 12), 0
		require.ErrorIs(t, g.all.Send(inAttempt(), reference.DockerHub, "PUT", func() error { return meet(g, g.requests, &n) }), failing)
		assert.Equal(t, 1+DefaultRetry.mostOutages(), n, "with every outage that it is sent again after")
		assert.Zero(t, g.sending, "its place is free")
	})
	t.Run("an attempt", func(t *testing.T) {
		g, n := newThrottle(clocktest.New(), 12), 0
		_, err := g.do(context.Background(), "PUT", func(context.Context) error { return meet(g, g.work, &n) })
		require.ErrorIs(t, err, failing)
		assert.Equal(t, 1+DefaultRetry.mostOutages(), n)
	})
}

func TestARefusalThatWasWaitedForIsNoLimit(t *testing.T) {
	refused := &classify.PushError{Reference: "r/agent:x", Err: errors.New("unexpected status from PUT request to https://r/v2/agent/manifests/x: 403 Forbidden")}
	assert.Equal(t, classify.Result{Class: classify.Permanent, Advice: classify.AdviceTag, OneTag: true}, classify.Of(&waitedError{err: refused}))
	assert.EqualError(t, &waitedError{err: errors.New("403 Forbidden")}, "403 Forbidden", "others waited for it")
	assert.EqualError(t, &waitedError{waits: 3, err: errors.New("403 Forbidden")}, "after 3 waits: 403 Forbidden")
}
