package pipeline

import "time"

// outageImages is for how many images in a row a kind of work has to fail before the registry counts as away: what one or two of them meet
// may be their own.
const outageImages = 3

// outages are what a gate knows of a registry that does not answer: by the kind of work, who has met that since such work last succeeded. Kinds
// are told apart because a registry may answer questions and take nothing; but who fails with one kind tells something of all.
type outages struct {
	met map[string]map[*effort]bool
	// answered says whether anything succeeded in the run. An address at which nothing ever answered is not worth a wait.
	answered bool
	// until is when the last pause for one is over.
	until time.Time
}

// effort is a piece of work that is tried. It is not empty, so that each has an address of its own.
type effort struct{ _ byte }

// unavailable notes who the registry was not available to, with what was begun at that time, and says whether it is away. What was under
// way when the gate was closed met the same outage, even if that is over.
func (g *gate) unavailable(kind string, asked time.Time, who *effort) (away bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.outages.met[kind] == nil {
		g.outages.met[kind] = map[*effort]bool{}
	}
	for _, met := range g.outages.met {
		met[who] = true
	}
	return asked.Before(g.outages.until) || g.outages.answered && len(g.outages.met[kind]) >= outageImages
}

// available notes that a kind of work succeeded, which was begun at that time. What was under way when the gate was closed tells nothing
// of the registry since then: whoever met the outage would have to meet it anew, with attempts that are used up. The gate is locked.
func (g *gate) available(kind string, asked time.Time) {
	g.outages.answered = true
	if asked.Before(g.outages.until) {
		return
	}
	g.outages.met[kind] = map[*effort]bool{}
	g.limits[awayFrom(kind)] = 0
}

// awayFrom is what pauses for a registry that is away are counted by, apart from those for its limits.
func awayFrom(kind string) string { return kind + ", away" }

// closedSince says whether somebody has closed the gate after that time.
func (g *gate) closedSince(asked time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return asked.Before(g.until)
}

// pauses says how many there were in a row.
func (g *gate) pauses(kind string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limits[kind]
}

// away says whether the registry is away, and then closes the gate for everybody for a while: whatever is tried meanwhile would be
// lost, and is made in vain. A registry that stays away is not waited for again until something succeeds.
func (r Retry) away(g *gate, kind string, asked time.Time, who *effort) bool {
	if !g.unavailable(kind, asked, who) {
		return false
	}
	if g.closedSince(asked) {
		return true // It is waited for already.
	}
	pauses := g.pauses(awayFrom(kind))
	if pauses >= r.OutageWaits {
		return false
	}
	g.pauseAway(kind, asked, backoff(r.First, r.Longest, pauses+1))
	return true
}

// pauseAway closes the gate for so long for a registry that is away.
func (g *gate) pauseAway(kind string, asked time.Time, d time.Duration) {
	g.mu.Lock()
	if until := g.clock.Now().Add(d); until.After(g.outages.until) {
		g.outages.until = until
	}
	g.mu.Unlock()
	g.pause(awayFrom(kind), asked, d)
}
