package dockerhub

import (
	"maps"
	"net/http"
	"sync"
)

// Count is what somebody has asked for.
type Count struct {
	// Requests for manifests and layers, those that were refused included.
	Requests int
	// Pulls are manifests that were read, Heads those that were only looked for.
	Pulls, Heads int
	// Bytes of layers and configs that were sent, in all and by digest.
	Bytes int64
	Blobs map[string]int64
}

// counts are those of the engine and of everybody else, who is the module.
type counts struct {
	mu             sync.Mutex
	module, engine Count
	used           map[string]int // pulls, by user
}

// Module is what was asked for by others than the engine since the last [Hub.Reset].
func (h *Hub) Module() Count { return h.counts.read(&h.counts.module) }

// Engine is what the engine has asked for.
func (h *Hub) Engine() Count { return h.counts.read(&h.counts.engine) }

// Reset forgets what was counted, and what is used of the quota.
func (h *Hub) Reset() {
	h.counts.mu.Lock()
	defer h.counts.mu.Unlock()
	h.counts.module, h.counts.engine, h.counts.used = Count{}, Count{}, nil
}

func (c *counts) read(which *Count) Count {
	c.mu.Lock()
	defer c.mu.Unlock()
	count := *which
	count.Blobs = maps.Clone(which.Blobs)
	return count
}

// count changes the count that a request belongs to.
func (c *counts) count(r *http.Request, change func(*Count)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if byEngine(r) {
		change(&c.engine)
		return
	}
	change(&c.module)
}

func (c *counts) request(r *http.Request) { c.count(r, func(count *Count) { count.Requests++ }) }

func (c *counts) head(r *http.Request) { c.count(r, func(count *Count) { count.Heads++ }) }

func (c *counts) blob(r *http.Request, digest string, n int) {
	c.count(r, func(count *Count) {
		if count.Blobs == nil {
			count.Blobs = map[string]int64{}
		}
		count.Blobs[digest] += int64(n)
		count.Bytes += int64(n)
	})
}

// pull counts a pull, unless it is free or the quota is used up. It returns what is left.
func (c *counts) pull(r *http.Request, user string, quota int, free bool) (left int, ok bool) {
	c.count(r, func(count *Count) {
		ok = free || quota == 0 || c.used[user] < quota
		if ok && !free {
			if c.used == nil {
				c.used = map[string]int{}
			}
			c.used[user]++
			count.Pulls++
		}
		left = max(quota-c.used[user], 0)
	})
	return left, ok
}
