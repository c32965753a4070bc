package soak

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"dagger/eval-images/pipeline/registry/registrytest"
)

// soakFault is something that registries do, and how often of a hundred faults.
type soakFault struct {
	name   string
	weight int
	fault  registrytest.Fault
	// limit says that it asks for fewer requests. The engine does not show how long is to be
	// waited, so one that strikes it costs the run a quarter of a minute.
	limit bool
	// done says that the registry does what it is asked, and the client does not get to know.
	done bool
}

// soakFaults are all faults of a soak.
var soakFaults = []soakFault{
	{name: "500", weight: 8, fault: registrytest.Answer(http.StatusInternalServerError, "")},
	{name: "502, a page of HTML", weight: 8, fault: registrytest.Page(http.StatusBadGateway)},
	{name: "503", weight: 8, fault: registrytest.Answer(http.StatusServiceUnavailable, "")},
	{name: "504", weight: 8, fault: registrytest.Answer(http.StatusGatewayTimeout, "")},
	{name: "cut before the registry saw it", weight: 10, fault: registrytest.Cut(0)},
	{name: "cut in its body", weight: 8, fault: registrytest.Cut(100)},
	{name: "cut in its answer", weight: 6, done: true, fault: registrytest.Torn()},
	{name: "done, and its answer lost", weight: 6, done: true, fault: registrytest.Lost()},
	{name: "answered half a second later", weight: 12, fault: registrytest.Delay(500 * time.Millisecond)},
	{name: "stalled for 3 s, then cut", weight: 4, fault: registrytest.Stall(3 * time.Second)},
	{name: "429, Retry-After: 1", weight: 6, limit: true, fault: registrytest.Answer(http.StatusTooManyRequests, "", "Retry-After", "1")},
	{name: "429, retry-after in milliseconds in its text", weight: 10, limit: true, fault: registrytest.Answer(http.StatusTooManyRequests,
		`{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 214.7ms, allowed: 2000/minute"}]}`)},
	{name: "403, secondary rate limit", weight: 4, limit: true, fault: registrytest.Answer(http.StatusForbidden,
		`{"errors":[{"code":"DENIED","message":"You have exceeded a secondary rate limit."}]}`, "Retry-After", "1")},
	{name: "503, Retry-After: 1", weight: 2, limit: true, fault: registrytest.Answer(http.StatusServiceUnavailable, "", "Retry-After", "1")},
}

// storm strikes a share of the requests of a run, and counts. The module's own client and the
// engine are counted apart.
type storm struct {
	client, engine registrytest.Fault

	mu sync.Mutex
	// struck counts faults by their names, and faults those of the client's requests.
	struck map[string]int
	faults int
	// puts counts the client's attempts to put an agent image's tag, by instance, tagFaults the
	// faults that they met, and lost those whose answer was lost.
	puts, tagFaults, lost map[string]int
	// asked are the client's requests, and engineAsked the engine's.
	asked, engineAsked int
	// open is how many of the client's requests are open now, and most how many were at a time.
	open, most int
	// last is when the client asked last.
	last time.Time
}

// newStorm is one whose faults are the same for the same seed, as far as the order of the requests
// is.
func newStorm(seed uint64, share float64, limitEngine bool) *storm {
	s := &storm{struck: map[string]int{}, puts: map[string]int{}, tagFaults: map[string]int{}, lost: map[string]int{}}
	var client, engine []registrytest.Fault
	for _, f := range soakFaults {
		struck := s.counted(f)
		for range f.weight {
			client = append(client, struck)
			if limitEngine || !f.limit {
				engine = append(engine, struck)
			}
		}
	}
	s.client, s.engine = registrytest.Random(seed, share, client...), registrytest.Random(seed+1<<32, share, engine...)
	return s
}

// counted is the fault, counted before it strikes.
func (s *storm) counted(f soakFault) registrytest.Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		s.mu.Lock()
		s.struck[f.name]++
		if isClient(r) {
			s.faults++
		}
		if id := instancePut(r); id != "" {
			s.tagFaults[id]++
			if f.done {
				s.lost[id]++
			}
		}
		s.mu.Unlock()
		f.fault(w, r, registry)
	}
}

// serve is the storm as a fault of a proxy, for all requests.
func (s *storm) serve(w http.ResponseWriter, r *http.Request, registry http.Handler) {
	if !isClient(r) {
		s.mu.Lock()
		s.engineAsked++
		s.mu.Unlock()
		s.engine(w, r, registry)
		return
	}
	s.mu.Lock()
	s.asked++
	s.last = time.Now()
	if id := instancePut(r); id != "" {
		s.puts[id]++
	}
	s.open++
	s.most = max(s.most, s.open)
	s.mu.Unlock()
	defer func() { // A cut connection is a panic.
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
	}()
	s.client(w, r, registry)
}

// isClient says whether a request is the module's own. The others are the engine's.
func isClient(r *http.Request) bool { return strings.Contains(r.UserAgent(), "go-containerregistry") }

// instancePut is the instance whose agent image a request puts under its tag; empty if it does
// anything else.
func instancePut(r *http.Request) string {
	_, tag, isManifest := strings.Cut(r.URL.Path, "/manifests/")
	if r.Method != http.MethodPut || !isManifest {
		return ""
	}
	return instanceOf(tag)
}

// instanceOf is the instance of an agent image's tag: {sdk}-{dockerfile}-{instance}-source-minimal.
// Empty if it is no such tag.
func instanceOf(tag string) string {
	rest, isAgent := strings.CutSuffix(tag, "-source-minimal")
	parts := strings.SplitN(rest, "-", 3)
	if !isAgent || len(parts) < 3 {
		return ""
	}
	return parts[2]
}
