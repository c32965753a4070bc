package pipeline

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inRun is the context of an attempt that is made with this policy.
func inRun(retry Retry, g *gate) context.Context {
	return attempt{retry: retry.withDefaults(), gate: g}.under(context.Background())
}

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
		clock := newFakeClock()
		request, sent := answers(asksFor(time.Hour), asksFor(214700*time.Microsecond))
		require.NoError(t, Send(inRun(Retry{}, newGate(clock, 12)), "PUT", request))
		assert.Equal(t, 3, *sent)
		assert.Equal(t, []time.Duration{time.Hour, 214700 * time.Microsecond}, clock.slept)
	})
	t.Run("but not what is no limit", func(t *testing.T) {
		clock, broken := newFakeClock(), errors.New("500 Internal Server Error")
		request, sent := answers(broken)
		require.Equal(t, broken, Send(inRun(Retry{}, newGate(clock, 12)), "PUT", request))
		assert.Equal(t, 1, *sent)
		assert.Empty(t, clock.slept)
	})
	t.Run("and no further than the policy says: its own where others are answered, and the run where nobody is", func(t *testing.T) {
		for otherwise, kind := range map[bool]Kind{true: KindPermanent, false: KindFatal} {
			clock, sent := newFakeClock(), 0
			g := newGate(clock, 12)
			err := Send(inRun(Retry{LimitWaits: 3}, g), "PUT", func() error {
				sent++
				if otherwise {
					g.answered("PUT")
				}
				return limited("r")
			})
			require.ErrorContains(t, err, "429 Too Many Requests")
			assert.Equal(t, kind, CauseOf(err).Kind)
			assert.Equal(t, 4, sent)
			assert.Zero(t, g.sending, "its place is free")
		}
	})
	t.Run("and a registry that names a wait again and again is believed so often, and then backed off from", func(t *testing.T) {
		const named = 200 * time.Millisecond
		clock := newFakeClock()
		err := Send(inRun(Retry{LimitWaits: 3}, newGate(clock, 12)), "PUT", func() error { return asksFor(named) })
		assert.Equal(t, KindFatal, CauseOf(err).Kind)
		require.Len(t, clock.slept, 6)
		assert.Equal(t, []time.Duration{named, named, named}, clock.slept[:3])
		assert.Greater(t, clock.slept[3], 5*time.Second)
	})
	t.Run("outside of a run it is just sent", func(t *testing.T) {
		request, sent := answers(asksFor(time.Hour))
		require.ErrorIs(t, Send(context.Background(), "PUT", request), asksFor(time.Hour))
		assert.Equal(t, 1, *sent)
	})
	t.Run("until it is told to stop, and then says what it waited for", func(t *testing.T) {
		clock := newFakeClock()
		g := newGate(clock, 12)
		ctx, stop := context.WithCancel(inRun(Retry{}, g))
		clock.onSleep = stop
		err := Send(ctx, "PUT", func() error { return asksFor(time.Hour) })
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, asksFor(time.Hour))
		assert.Zero(t, g.sending)
	})
}

// TestNoRequestBeginsInAPause: twelve workers are in the middle of their images when one request is refused. Each of the others ends the
// request that it has under way, and begins none before the pause is over; after it six go on at a time.
func TestNoRequestBeginsInAPause(t *testing.T) {
	const workers = 12
	clock := newFakeClock()
	asleep, over := make(chan struct{}, 100), make(chan struct{})
	clock.onSleep = func() { asleep <- struct{}{}; <-over }
	g := newGate(clock, workers)
	ctx := inRun(Retry{}, g)

	var underway, ended sync.WaitGroup
	underway.Add(workers)
	closed := make(chan struct{})
	second := make(chan struct{}, workers)
	for i := range workers {
		ended.Add(1)
		go func() {
			defer ended.Done()
			refuse := i == 0
			assert.NoError(t, Send(ctx, "PUT", func() error {
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
			assert.NoError(t, Send(ctx, "PUT", func() error { second <- struct{}{}; return nil }))
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

// TestWhoWasRefusedIsNext: a registry that answers one request after each pause would otherwise refuse the same ones again and again.
func TestWhoWasRefusedIsNext(t *testing.T) {
	clock := newFakeClock()
	g := newGate(clock, 4)
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
