package throttle

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/clock/clocktest"
)

// room is how many can be inside of a limiter at a time.
func room(t *testing.T, g *limiter) int {
	t.Helper()
	entered := 0
	for {
		require.LessOrEqual(t, g.closedFor(), time.Duration(0), "there is a pause")
		if ok, _ := g.tryEnter(&g.working); !ok {
			break
		}
		entered++
	}
	for range entered {
		g.leave(&g.working)
	}
	return entered
}

func TestFewerTryAtATimeAfterALimitAndMoreAgainAfterSuccess(t *testing.T) {
	clock := clocktest.New()
	g := newLimiter(clock, 12)
	assert.Equal(t, 12, room(t, g))
	limit := func() {
		g.pause("assemble", clock.Now(), time.Second)
		require.NoError(t, clock.Sleep(context.Background(), time.Second))
	}
	limit()
	assert.Equal(t, 6, room(t, g), "half of them")
	limit()
	limit()
	limit()
	assert.Equal(t, 1, room(t, g), "never nobody")

	g.succeeded("assemble")
	assert.Equal(t, 2, room(t, g), "one more for a round in which all succeed")
	g.succeeded("assemble")
	assert.Equal(t, 2, room(t, g))
	g.succeeded("assemble")
	assert.Equal(t, 3, room(t, g))
	for range 1000 {
		g.succeeded("assemble")
	}
	assert.Equal(t, 12, room(t, g), "no more than there were")
}

func TestSuccessBeforeALimitMakesNoRoomAfterIt(t *testing.T) {
	clock := clocktest.New()
	g := newLimiter(clock, 12)
	for range 11 {
		g.succeeded("assemble")
	}
	g.pause("assemble", clock.Now(), time.Second)
	clock.Advance(time.Second)
	for range 5 {
		g.succeeded("assemble")
	}
	assert.Equal(t, 6, room(t, g), "a round is not over")
	g.succeeded("assemble")
	assert.Equal(t, 7, room(t, g))
}

func TestWhoWaitsIsToldOfNewRoom(t *testing.T) {
	clock := clocktest.New()
	g := newLimiter(clock, 2)
	g.pause("assemble", clock.Now(), time.Second)
	clock.Advance(time.Second)
	require.NoError(t, g.enter(context.Background(), &g.working))
	_, told := g.tryEnter(&g.working)
	require.NotNil(t, told, "there is room for one")
	g.succeeded("assemble")
	select {
	case <-told:
	default:
		assert.Fail(t, "nobody is told, though nobody leaves")
	}
	assert.Equal(t, 1, room(t, g))
}

func TestWhoMetOneLimitTogetherHalveTheRoomOnce(t *testing.T) {
	clock := clocktest.New()
	g, began := newLimiter(clock, 12), clock.Now()
	for range 12 {
		g.pause("assemble", began, time.Second)
	}
	require.NoError(t, clock.Sleep(context.Background(), time.Second))
	assert.Equal(t, 6, room(t, g))
}

func TestAPauseThatGrowsIsWaitedOutToTheEnd(t *testing.T) {
	clock := clocktest.New()
	g := newLimiter(clock, 12)
	g.pause("ask", clock.Now(), time.Minute)
	clock.OnSleep = func() {
		clock.OnSleep = nil
		g.pause("ask", clock.Now(), time.Hour)
	}
	require.NoError(t, g.opens(context.Background()))
	assert.LessOrEqual(t, g.closedFor(), time.Duration(0))
}

func TestWhoLeavesLetsTheNextOneIn(t *testing.T) {
	g := newLimiter(clocktest.New(), 1)
	require.NoError(t, g.enter(context.Background(), &g.working))
	next := make(chan error)
	go func() { next <- g.enter(context.Background(), &g.working) }()
	g.leave(&g.working)
	require.NoError(t, <-next)

	ctx, cancel := context.WithCancel(context.Background())
	go func() { next <- g.enter(ctx, &g.working) }()
	cancel()
	require.ErrorIs(t, <-next, context.Canceled, "nobody leaves, and it was told to stop")
}
