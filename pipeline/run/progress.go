package run

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"dagger/eval-images/pipeline/clock"
)

// progress knows which units of work are under way, and since when. Its zero value is ready.
type progress struct {
	mu      sync.Mutex
	since   map[string]time.Time
	endings int
}

func (p *progress) begin(unit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since == nil {
		p.since = map[string]time.Time{}
	}
	p.since[unit] = time.Now()
}

func (p *progress) end(unit string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.since, unit)
	p.endings++
}

// reset clears the count of finished units, so that checks do not count as images.
func (p *progress) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endings = 0
}

// unitsShown is the maximum number of units that a line names, slowest first.
const unitsShown = 5

// line describes the work under way: "in progress: 2 (base a 3m10s, assemble b 1s); done: 17".
func (p *progress) line() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	units := slices.SortedFunc(maps.Keys(p.since), func(a, b string) int {
		return cmp.Or(p.since[a].Compare(p.since[b]), strings.Compare(a, b))
	})
	var named []string
	for _, unit := range units[:min(unitsShown, len(units))] {
		named = append(named, fmt.Sprintf("%s %s", unit, time.Since(p.since[unit]).Round(time.Second)))
	}
	if more := len(units) - len(named); more > 0 {
		named = append(named, fmt.Sprintf("%d more", more))
	}
	return fmt.Sprintf("in progress: %d (%s); done: %d", len(units), strings.Join(named, ", "), p.endings)
}

// beat reports progress at intervals until the returned function is called.
func (r *run) beat(ctx context.Context) (stop func()) {
	if r.Report == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		for (clock.System{}).Sleep(ctx, r.Heartbeat) == nil {
			r.Report(r.progress.line())
		}
	}()
	return func() { cancel(); done.Wait() }
}
