package run

import (
	"sync"
	"sync/atomic"
)

// tally counts by key. Its zero value is ready.
type tally struct{ counts sync.Map }

// add increments a count and returns it.
func (t *tally) add(key string) int64 {
	count, _ := t.counts.LoadOrStore(key, new(atomic.Int64))
	return count.(*atomic.Int64).Add(1)
}

// reset sets a count to zero.
func (t *tally) reset(key string) { t.counts.Delete(key) }
