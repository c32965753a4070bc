package run

import (
	"context"
	"errors"
	"sync"
)

// Trace begins the trace of the unit of work that a context belongs to, for work whose steps are
// worth seeing: a build by the engine. It returns the context for these steps. If the trace has
// begun, or the context belongs to no unit, it returns the context as it is.
//
// Other units are done by a few requests, hundreds of them in a row. They have no trace unless they
// fail: a line for each would bury the failures, and the line of progress.
func Trace(ctx context.Context) context.Context {
	t, ok := ctx.Value(traceKey{}).(*trace)
	if !ok || ctx.Value(tracedKey{}) != nil {
		return ctx
	}
	ctx, end := t.observe(ctx, t.unit)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ends = append(t.ends, end)
	return context.WithValue(ctx, tracedKey{}, true)
}

// trace of one unit of work.
type trace struct {
	unit    string
	observe func(ctx context.Context, unit string) (context.Context, func(error))

	mu   sync.Mutex
	ends []func(error) // each ends one that has begun
}

type (
	traceKey  struct{} // the key of a unit's trace
	tracedKey struct{} // the key that the context of its steps has
)

// end ends the trace. If the unit failed, it has one in any case, so that the failure can be found.
// A unit that was not started has none.
func (t *trace) end(ctx context.Context, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var closed *closedError
	if len(t.ends) == 0 && err != nil && !errors.As(err, &closed) {
		_, end := t.observe(ctx, t.unit)
		t.ends = append(t.ends, end)
	}
	for _, end := range t.ends {
		end(err)
	}
}
