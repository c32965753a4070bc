package throttle

import (
	"math/rand/v2"
	"time"
)

// Retry is the policy by which work is tried again. The zero value is [DefaultRetry].
type Retry struct {
	// Attempts in all, the first one included. Zero: 2.
	Attempts int
	// First is the pause after the first attempt; each later one is twice as long, up to Longest,
	// give or take half of it. Zero: 2 s and 60 s.
	First, Longest time.Duration
	// RequestAttempts is how often one request is sent in all, within one attempt, while the
	// registry is unavailable to it. RequestFirst is the first pause between; it doubles, as First
	// does. Zero: 3 and 250 ms.
	RequestAttempts int
	RequestFirst    time.Duration
	// LimitFirst and LimitLongest are the pauses if a registry limits requests: all workers pause
	// together, and the attempt does not count. If the registry names a wait, it gets just that,
	// LimitWaits times for the same thing. Zero: 15 s and 4 min.
	LimitFirst, LimitLongest time.Duration
	// LimitWaits is how often one image, or one of its requests, waits out a limit. Zero: 8, about
	// a quarter of an hour. After so many pauses in which nobody succeeded, the run ends, because
	// every other image would wait as long for nothing. At a host that the run does not publish to,
	// only the images that need this host fail.
	LimitWaits int
	// DoubtfulWaits replaces LimitWaits for a refusal that may not be a limit. Zero: 3, about two
	// minutes.
	DoubtfulWaits int
	// OutageWaits is how often in a row all workers wait, from First up to Longest, for a registry
	// that has answered in this run and is unavailable to everybody now. After each wait one of
	// them asks, and its answer decides for all. None of that counts as one of the Attempts. After
	// the last wait failures count again, until something succeeds; a quarter of an hour after the
	// first wait the run ends, as after limits. Zero: 6, about two minutes. Negative: never.
	OutageWaits int
}

// DefaultRetry has the documented defaults.
var DefaultRetry = Retry{
	Attempts: 2, First: 2 * time.Second, Longest: time.Minute,
	RequestAttempts: 3, RequestFirst: 250 * time.Millisecond,
	LimitFirst: 15 * time.Second, LimitLongest: 4 * time.Minute, LimitWaits: 8, DoubtfulWaits: 3,
	OutageWaits: 6,
}

func (r Retry) withDefaults() Retry {
	d := DefaultRetry
	OrDefault(&r.Attempts, d.Attempts)
	OrDefault(&r.First, d.First)
	OrDefault(&r.Longest, d.Longest)
	OrDefault(&r.RequestAttempts, d.RequestAttempts)
	OrDefault(&r.RequestFirst, d.RequestFirst)
	OrDefault(&r.LimitFirst, d.LimitFirst)
	OrDefault(&r.LimitLongest, d.LimitLongest)
	OrDefault(&r.LimitWaits, d.LimitWaits)
	OrDefault(&r.DoubtfulWaits, d.DoubtfulWaits)
	OrDefault(&r.OutageWaits, d.OutageWaits)
	return r
}

// OrDefault sets a value to its default if it is zero.
func OrDefault[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}

// backoff is the pause after the nth try: first, doubled n-1 times, at most longest, and up to half
// more or less by chance, so that workers that failed together do not come back together.
func backoff(first, longest time.Duration, n int) time.Duration {
	pause := longest
	if shift := n - 1; shift < 30 && first<<shift < longest {
		pause = first << shift
	}
	return pause/2 + rand.N(pause)
}

// mostOutages is how often one attempt or request is repeated after outages: as often as two
// outages need. Otherwise a registry that comes and goes would be asked until the image's timeout.
func (r Retry) mostOutages() int { return 2 * max(0, r.OutageWaits) }
