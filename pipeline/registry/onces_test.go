package registry

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOnces(t *testing.T) {
	boom := errors.New("boom")
	t.Run("a piece of work is done once, and another beside it", func(t *testing.T) {
		var once onces
		n := map[string]int{}
		for _, key := range []string{"a", "b", "a", "b"} {
			require.NoError(t, once.do(ctx, key, func() error { n[key]++; return nil }))
		}
		assert.Equal(t, map[string]int{"a": 1, "b": 1}, n)
	})
	t.Run("what fails is the failure of the one who tried, and the next one tries", func(t *testing.T) {
		var once onces
		require.ErrorIs(t, once.do(ctx, "a", func() error { return boom }), boom)
		require.NoError(t, once.do(ctx, "a", func() error { return nil }))
		require.NoError(t, once.do(ctx, "a", func() error { return boom }), "it is done")
	})
	t.Run("whoever waited for a failure tries", func(t *testing.T) {
		var once onces
		begun, fail := make(chan struct{}), make(chan struct{})
		first, second := make(chan error), make(chan error)
		go func() { first <- once.do(ctx, "a", func() error { close(begun); <-fail; return boom }) }()
		<-begun
		tried := false
		waiting := watch(ctx)
		go func() { second <- once.do(waiting, "a", func() error { tried = true; return nil }) }()
		<-waiting.seen
		close(fail)
		require.ErrorIs(t, <-first, boom)
		require.NoError(t, <-second)
		assert.True(t, tried)
	})
	t.Run("whoever is told to stop does not wait", func(t *testing.T) {
		var once onces
		begun, end, first := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() { first <- once.do(ctx, "a", func() error { close(begun); <-end; return nil }) }()
		<-begun
		stopped, stop := context.WithCancelCause(ctx)
		stop(boom)
		require.ErrorIs(t, once.do(stopped, "a", func() error { return nil }), boom)
		close(end)
		require.NoError(t, <-first)
	})
}

// watched is a context that tells when somebody waits under it.
type watched struct {
	context.Context
	seen chan struct{}
	once *sync.Once
}

func watch(ctx context.Context) watched { return watched{ctx, make(chan struct{}), new(sync.Once)} }

// Done is what those ask for who wait.
func (w watched) Done() <-chan struct{} {
	w.once.Do(func() { close(w.seen) })
	return w.Context.Done()
}
