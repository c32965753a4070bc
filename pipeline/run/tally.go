package run

import (
	"sync"
	"sync/atomic"
)

// tally counts by keys. Its zero value is ready.
type tally struct{ counts sync.Map }

// add counts one more, and says how many that makes.
func (t *tally) add(key string) int64 {
	count, _ := t.counts.LoadOrStore(key, new(atomic.Int64))
	return count.(*atomic.Int64).Add(1)
}

// reset begins to count anew.
func (t *tally) reset(key string) { t.counts.Delete(key) }
