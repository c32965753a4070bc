package throttle

import (
	"sync"

	"dagger/eval-images/pipeline/clock"
)

// Hosts is the retry policy of a run, and a limiter and circuit breakers for each registry host: a
// limit or an outage of one host does not hold back work that needs only other hosts. Whoever makes
// a run makes one Hosts, and hands it to the runner and to the registry clients. The zero value has
// the default policy.
type Hosts struct {
	// Retry is the policy of all work and all requests.
	Retry Retry

	clock   clock.Clock
	workers int
	own     func(host string) bool
	rest    func() (back func())

	mu     sync.Mutex
	byHost map[string]*hostThrottle
}

// Start begins a run with so many workers, and forgets what is known of the hosts. It must come
// before [Hosts.Do].
//
// Own reports whether the run publishes to a host. Rest releases the caller's slot among the
// workers, and returns a function that acquires one again. A worker rests while it waits for a host
// that is not the run's own, because other images may not need that host.
func (all *Hosts) Start(clock clock.Clock, workers int, own func(host string) bool, rest func() (back func())) {
	all.clock, all.workers, all.own, all.rest = clock, workers, own, rest
	all.byHost = map[string]*hostThrottle{}
}

// at returns the throttle of a host.
func (all *Hosts) at(host string) *hostThrottle {
	all.mu.Lock()
	defer all.mu.Unlock()
	t, ok := all.byHost[host]
	if !ok {
		t = newHost(all, host)
		all.byHost[host] = t
	}
	return t
}

// GiveUp ends the wait for a host, with this error, for everybody who waits or will wait.
func (all *Hosts) GiveUp(host string, err error) { all.at(host).giveUp(err) }

// Busy lists the hosts at which somebody holds a slot, or waits for the probe. After a run there
// are none.
func (all *Hosts) Busy() (hosts []string) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for host, t := range all.byHost {
		if t.busy() {
			hosts = append(hosts, host)
		}
	}
	return hosts
}
