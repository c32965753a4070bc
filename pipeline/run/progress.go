package run

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// progress knows what a phase of a run has done, what is left, and which units of work are under
// way. Its zero value is ready.
type progress struct {
	mu sync.Mutex
	// name of a phase that counts nothing.
	name string
	// bars count the images of the phase. The phase is over when the last one is full.
	bars []bar
	// failed are the images that failed so far, failedBefore those of earlier phases.
	failed, failedBefore int
	began                time.Time
	// endings are when images ended lately, whether they failed or not.
	endings []time.Time
	// moved are the bytes that had been moved at the last lines.
	moved []movedAt
	// units are under way, by their names.
	units map[string]unit
}

// bar counts the images of one kind that a phase needs, and those that are there. A failed image is
// not there.
type bar struct {
	name        string
	done, needs int
}

// unit of work.
type unit struct {
	since time.Time
	// waits is when it began to wait for another image. Zero: it does not wait.
	waits time.Time
}

// movedAt is how many bytes had been moved at a time.
type movedAt struct {
	time  time.Time
	bytes int64
}

// start begins a phase.
func (p *progress) start(now time.Time, name string, bars ...bar) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.name, p.bars, p.began, p.failedBefore, p.endings = name, bars, now, p.failed, nil
}

// begin adds a unit of work.
func (p *progress) begin(now time.Time, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.units == nil {
		p.units = map[string]unit{}
	}
	p.units[name] = unit{since: now}
}

// wait says that a unit waits for another image.
func (p *progress) wait(now time.Time, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u, ok := p.units[name]; ok {
		p.units[name] = unit{since: u.since, waits: now}
	}
}

// resume says that a unit waits no more. The wait does not count in its age.
func (p *progress) resume(now time.Time, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u, ok := p.units[name]; ok {
		p.units[name] = unit{since: u.since.Add(now.Sub(u.waits))}
	}
}

// end removes a unit.
func (p *progress) end(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.units, name)
}

// done counts an image in a bar.
func (p *progress) done(now time.Time, name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.bars, func(b bar) bool { return b.name == name })
	p.bars[i].done++
	if i == len(p.bars)-1 {
		p.note(now)
	}
}

// fail counts a failed image.
func (p *progress) fail(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed++
	p.note(now)
}

// note notes when an image ended, and forgets the images of long ago.
func (p *progress) note(now time.Time) {
	p.endings = append(p.endings, now)
	p.endings = slices.DeleteFunc(p.endings, func(ended time.Time) bool { return now.Sub(ended) > lately })
}

// underWay returns the units that do not wait, the oldest first, and how many wait.
func (p *progress) underWay() (names []string, waiting int) {
	for name, unit := range p.units {
		if unit.waits.IsZero() {
			names = append(names, name)
		} else {
			waiting++
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(p.units[a].since.Compare(p.units[b].since), strings.Compare(a, b))
	})
	return names, waiting
}
