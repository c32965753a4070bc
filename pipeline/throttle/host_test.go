package throttle

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/clock"
	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/reference"
)

// levels are the breakers of a throttle, with a way to do something under each.
var levels = map[string]struct {
	breaker func(*hostThrottle) *breaker
	try     func(ctx context.Context, g *hostThrottle, work func() error) error
}{
	"a request": {
		func(g *hostThrottle) *breaker { return g.requests },
		func(ctx context.Context, g *hostThrottle, work func() error) error {
			return g.all.Send(new(effort).under(ctx), reference.DockerHub, "assemble", work)
		},
	},
	"an attempt": {
		func(g *hostThrottle) *breaker { return g.work },
		func(ctx context.Context, g *hostThrottle, work func() error) error {
			_, err := g.do(ctx, "assemble", func(context.Context) error { return work() })
			return err
		},
	},
}

// once is a policy that tries nothing again.
var once = Retry{Attempts: 1, RequestAttempts: 1, LimitWaits: -1}

// newHosts are those of a run that publishes everywhere.
func newHosts(clock clock.Clock, workers int, policy Retry) *Hosts {
	all := &Hosts{Retry: policy}
	all.Start(clock, workers, nil, nil)
	return all
}

// newThrottle is that of Docker Hub, in a run of its own, with the default policy unless another
// one is given.
func newThrottle(clock clock.Clock, workers int, policy ...Retry) *hostThrottle {
	return newHosts(clock, workers, append(policy, Retry{})[0]).at(reference.DockerHub)
}

// do does work that belongs to this host, and needs others as well.
func (t *hostThrottle) do(ctx context.Context, kind string, work func(ctx context.Context) error, others ...*hostThrottle) (attempts int, err error) {
	hosts := []string{t.host}
	for _, other := range others {
		hosts = append(hosts, other.host)
	}
	return t.all.Do(ctx, kind, hosts, work)
}

// opens opens a breaker of a throttle.
func opens(t *testing.T, g *hostThrottle, b *breaker) {
	t.Helper()
	b.succeeded(enter(t, b), "assemble")
	for range OutageImages {
		b.unavailable(enter(t, b), "assemble", new(effort))
	}
	require.True(t, b.open)
}

func TestHowAProbeEnds(t *testing.T) {
	for level, l := range levels {
		ends := map[string]struct {
			err  error
			open bool
		}{
			"that succeeds closes the breaker":                     {nil, false},
			"that is refused closes it: the registry is there":     {errors.New("400 Bad Request"), false},
			"that is limited closes it: there is a limiter":        {limited("r"), false},
			"to which the registry is unavailable opens it again":  {errors.New("503 Service Unavailable"), true},
			"that is told to stop leaves it to another, half-open": {context.Canceled, true},
		}
		for name, end := range ends {
			t.Run(level+" "+name, func(t *testing.T) {
				clock := clocktest.New()
				g := newThrottle(clock, 12, once)
				b := l.breaker(g)
				opens(t, g, b)
				ctx, stop := context.WithCancel(context.Background())
				defer stop()
				tried := 0
				err := l.try(ctx, g, func() error {
					tried++
					assert.NotNil(t, b.probe)
					if tried > 1 {
						return nil // After another pause.
					}
					clock.OnSleep = func() {
						assert.Equal(t, end.open, b.open)
						assert.Equal(t, 1, b.again, "it waits as one that has failed before")
					}
					if end.err == context.Canceled {
						stop()
					}
					return end.err
				})
				if end.err == nil || tried > 1 {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, end.err)
				}
				assert.Nil(t, b.probe)
				if tried == 1 {
					assert.Equal(t, end.open, b.open)
				} else {
					assert.True(t, end.open)
				}
				assert.Zero(t, g.working+g.sending, "its place is free")
			})
		}
	}
}

// TestWhoBeginsWithoutAWait is whoever has failed before, if somebody waits who has as well.
func TestWhoBeginsWithoutAWait(t *testing.T) {
	clock := clocktest.New()
	g := newThrottle(clock, 12)
	opens(t, g, g.work)
	clock.Advance(time.Hour)
	g.work.wait(1)
	assert.Nil(t, g.tryBegin(false))
	assert.Zero(t, g.working, "its place is free")
	assert.NotNil(t, g.tryBegin(true))
	assert.Equal(t, 1, g.working)
}

func TestANewcomerWaitsForWhoHasFailed(t *testing.T) {
	clock := clocktest.New()
	g := newThrottle(clock, 12)
	opens(t, g, g.work)
	clock.Advance(time.Hour)
	g.work.wait(1)
	ctx := counted{context.Background(), make(chan struct{}, 10)}
	through := make(chan error, 1)
	go func() {
		_, err := g.begin(ctx, &g.working, g.work, false)
		through <- err
	}()
	select {
	case <-ctx.waits:
	case <-through:
		require.Fail(t, "it is the probe")
	}
	g.work.wait(-1)
	require.NoError(t, <-through)
}

// TestAProbeThatMeetsALimitBeforeItBegins has not asked the registry yet.
func TestAProbeThatMeetsALimitBeforeItBegins(t *testing.T) {
	for name, stopped := range map[string]bool{"begins after it": false, "and is told to stop leaves the breaker to another": true} {
		t.Run(name, func(t *testing.T) {
			clock := clocktest.New()
			g := newThrottle(clock, 12)
			opens(t, g, g.work)
			require.NoError(t, g.enter(context.Background(), &g.working))
			clock.Advance(time.Hour)
			g.pause("assemble", clock.Now(), time.Second)
			ctx, stop := context.WithCancel(context.Background())
			defer stop()
			if stopped {
				clock.OnSleep = stop
			}
			probe, err := g.goOn(ctx, &g.working, g.work, false)
			if stopped {
				require.ErrorIs(t, err, context.Canceled)
				assert.Nil(t, g.work.probe)
				assert.Zero(t, g.working, "its place is free")
				return
			}
			require.NoError(t, err)
			assert.Same(t, g.work.probe, probe)
			assert.Equal(t, clock.Now(), probe.begun)
		})
	}
}

func TestALimitThatBeginsDuringAnOutageIsWaitedOutToo(t *testing.T) {
	for level, l := range levels {
		t.Run(level, func(t *testing.T) {
			clock := clocktest.New()
			g := newThrottle(clock, 12, once)
			opens(t, g, l.breaker(g))
			clock.OnSleep = func() {
				clock.OnSleep = nil
				g.pause("PUT", clock.Now(), time.Hour) // Somebody meets it who was under way.
			}
			before := clock.Now()
			require.NoError(t, l.try(context.Background(), g, func() error {
				assert.GreaterOrEqual(t, clock.Now().Sub(before), time.Hour)
				return nil
			}))
		})
	}
}

// TestOnlyAnUnavailableRegistryIsLost: a failure of another kind stays its image's.
func TestOnlyAnUnavailableRegistryIsLost(t *testing.T) {
	clock := clocktest.New()
	g := newThrottle(clock, 12)
	opens(t, g, g.work)
	g.work.inRow = DefaultRetry.OutageWaits
	clock.Advance(lostTime)
	other := errors.New("flux capacitor")
	assert.Equal(t, other, g.endIfLost(other))
	var lost *lostError
	assert.ErrorAs(t, g.endIfLost(errors.New("503 Service Unavailable")), &lost)
}

func TestARegistryThatRefusesOneKindOfWorkEndsTheRunWhereOthersSucceed(t *testing.T) {
	g := newThrottle(clocktest.New(), 12, Retry{LimitWaits: 3})
	_, err := g.do(context.Background(), "assemble", func(context.Context) error {
		g.limiter.succeeded("base")
		return errors.New("403 Forbidden")
	})
	assert.Equal(t, classify.Fatal, classify.Of(err).Class)
}
