package publish

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/pipeline/run"
)

// What a fleet costs on a quiet day, at most: see [TestAFleetOnAQuietDay].
const (
	quietDirect = 860
	quietEngine = 2100
)

// eachPublisher runs a test with both. Quiet is what a quiet day costs, an image what one attempt
// at an image does.
func eachPublisher(t *testing.T, test func(t *testing.T, f *fleet, quiet, image int)) {
	t.Parallel()
	t.Run("direct", func(t *testing.T) {
		t.Parallel()
		f := newFleet(t)
		f.direct(t, registry.Access{})
		test(t, f, quietDirect, 7)
	})
	t.Run("engine", func(t *testing.T) {
		t.Parallel()
		f := newFleet(t)
		f.engine(t)
		test(t, f, quietEngine, 25)
	})
}

func TestAFleetOnAQuietDay(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.direct(t, registry.Access{})
	result := f.run(t)
	f.built(t, result)
	f.holds(t, result)
	assert.InDelta(t, quietDirect, len(f.Proxy.Requests()), quietDirect/20)
	assert.LessOrEqual(t, len(f.Proxy.Requests()), quietDirect)
}

// nth is a fault for one request of a method on such a path, after n others.
func nth(n int, method, path string, fault registrytest.Fault) registrytest.Rule {
	return registrytest.Rule{Method: method, Path: path, Skip: n, Times: 1, Fault: fault}
}

// tagOf is the path of an instance's agent image, and of nothing else.
func tagOf(i int) string { return "/agent/manifests/" + instance(i) + "$" }

// TestAFleetOnABadDay: what a server in trouble answers, at whichever step, costs an attempt, and
// if it always does so the one image. Nothing else is lost.
func TestAFleetOnABadDay(t *testing.T) {
	const broken, page, cut, unknown, denied, refused = 90, 91, 92, 30, 31, 40 // The first three come after all faults that pass.
	troubles := []registrytest.Fault{
		registrytest.Answer(http.StatusInternalServerError, ""), registrytest.Answer(http.StatusBadGateway, ""),
		registrytest.Answer(http.StatusServiceUnavailable, ""), registrytest.Answer(http.StatusGatewayTimeout, ""),
		registrytest.Page(http.StatusBadGateway), registrytest.Cut(0), registrytest.Lost(), registrytest.Torn(),
	}
	eachPublisher(t, func(t *testing.T, f *fleet, quiet, image int) {
		f.runner.Hosts.Retry.OutageWaits = -1 // The attempts are counted, and that this is no outage would be told by chance.
		tag := f.Reference("agent:nightly-" + instance(refused))
		f.plan.Items[refused].Tags = []string{tag, f.Reference("agent:weekly-" + instance(refused))}
		script := []registrytest.Rule{
			{Method: http.MethodPut, Path: tagOf(broken), Fault: troubles[0]},
			{Method: http.MethodPut, Path: tagOf(page), Fault: registrytest.Page(http.StatusServiceUnavailable)},
			{Method: http.MethodPut, Path: tagOf(cut), Fault: registrytest.Cut(10)},
			{Path: tagOf(unknown), Fault: troubles[0]},
			{Path: tagOf(denied), Fault: registrytest.Answer(http.StatusUnauthorized, "")},
			{Method: http.MethodPut, Path: "/nightly-", Fault: registrytest.Answer(http.StatusBadRequest, "")},
		}
		passing := 0
		for i, step := range []struct {
			method, path string
			faults       []registrytest.Fault
		}{
			{http.MethodGet, "/agent/manifests/", troubles}, {http.MethodGet, "/base/manifests/", troubles}, {http.MethodGet, "/base/blobs/", troubles},
			{http.MethodPost, "/blobs/uploads/", troubles}, {http.MethodPut, "/blobs/uploads/", troubles}, {http.MethodPut, "/agent/manifests/", troubles},
			{http.MethodPut, "/base/manifests/", troubles[:2]},
		} {
			// Further apart than the requests of one image that is alone and tried again and again:
			// they must not all be its own.
			apart := 10
			if step.path == "/base/manifests/" && step.method == http.MethodPut {
				apart = 3 // There are ten.
			}
			for j, fault := range step.faults {
				script = append(script, nth(1+i+apart*j, step.method, step.path, fault))
				passing++
			}
		}

		const attempts = 20 // On a busy machine one image may meet many of the faults that pass.
		f.runner.Hosts.Retry.Attempts = attempts

		result := f.run(t, script...)

		failing := map[int]string{
			broken:  "PUT",
			page:    "503 Service Unavailable",
			cut:     "EOF",
			unknown: "asking the registry for " + f.plan.Items[unknown].Agent,
			denied:  "401 Unauthorized",
			refused: tag,
		}
		f.built(t, result, slices.Collect(maps.Keys(failing))...)
		for i, says := range failing {
			assert.Contains(t, string(result.Images[i].Error), says)
			assert.NotContains(t, string(result.Images[i].Error), "<html", "a page is not for terminals")
		}
		for _, i := range []int{broken, page, cut, unknown} {
			assert.Equal(t, attempts, result.Images[i].AttemptCount, instance(i))
		}
		assert.Equal(t, f.plan.Items[refused].Agent, result.Images[refused].Tags[0])
		assert.Len(t, result.Images[refused].Tags, 2, "the one after it is pushed")
		f.holds(t, result)
		assert.Zero(t, f.Proxy.Count(http.MethodPut, tagOf(unknown)), "what may be there is not made")
		assert.LessOrEqual(t, len(f.Proxy.Requests()), quiet+(passing+attempts*len(failing))*image)
	})
}

// TestAFleetWhoseAnswersAreLost: the registry does what it is asked, and nobody hears of it. With
// one attempt, or with tags that it puts once only, no further request can help. The image is there
// and so is not failed.
func TestAFleetWhoseAnswersAreLost(t *testing.T) {
	const tagged, based = 20, 5
	eachPublisher(t, func(t *testing.T, f *fleet, quiet, image int) {
		f.runner.Official, f.runner.Hosts.Retry.Attempts = officialsOf{}, 1
		result := f.run(t,
			registrytest.Rule{Method: http.MethodPut, Path: tagOf(tagged), Fault: registrytest.Lost()},
			registrytest.Rule{Method: http.MethodPut, Path: "/base/manifests/" + instance(based), Fault: registrytest.Lost()},
			registrytest.Rule{Method: http.MethodPut, Path: "/builder/manifests/b-layer-", Fault: registrytest.Lost()},
		)
		f.built(t, result)
		f.holds(t, result)
		assert.LessOrEqual(t, len(f.Proxy.Requests()), quiet+4)
	})
}

// officialsOf is a registry that has every official image.
type officialsOf struct{}

func (officialsOf) Find(context.Context, string) (plan.Found, error) {
	return plan.Found{Digest: "sha256:" + strings.Repeat("0", 64)}, nil
}

// TestAFleetWhoseRegistryLimits: in whichever way a registry says it, and whatever it limits, a
// limit costs no image and no attempt, and while it lasts nothing is asked but what was under way.
func TestAFleetWhoseRegistryLimits(t *testing.T) {
	const (
		asked     = time.Second
		ghcr      = `{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 1s, allowed: 2000/minute"}]}`
		secondary = `{"errors":[{"code":"DENIED","message":"You have exceeded a secondary rate limit. retry-after: 1s"}]}`
	)
	limits := []struct {
		method, path string
		fault        registrytest.Fault
		wait         time.Duration
	}{
		{http.MethodGet, "/agent/manifests/", registrytest.Answer(429, ghcr), asked},
		{http.MethodGet, "/base/blobs/", registrytest.Answer(429, ghcr), asked},
		{http.MethodPost, "/agent/blobs/uploads/", registrytest.Answer(429, "", "Retry-After", "1"), asked},
		{http.MethodPut, "/agent/blobs/uploads/", registrytest.Answer(403, secondary), asked},
		{http.MethodPut, "/agent/manifests/i-", registrytest.Answer(503, "", "Retry-After", "1"), asked},
	}
	eachPublisher(t, func(t *testing.T, f *fleet, quiet, image int) {
		f.withAllBases(t)
		var slow slowed
		var script []registrytest.Rule
		for i, limit := range limits {
			script = append(script, nth(20+5*i, limit.method, limit.path, slow.from(limit.fault)))
		}
		result := f.run(t, append(script, registrytest.Rule{Fault: slow.down})...)
		f.built(t, result)
		f.holds(t, result)
		requests := f.Proxy.Requests()
		met := make([]int, len(limits))
		for i, limit := range limits {
			met[i] = slices.IndexFunc(requests, func(r registrytest.Request) bool {
				return r.Method == limit.method && (r.Status == 429 || r.Status == 403 || r.Status == 503) && matches(limit.path, r.Path)
			})
			require.GreaterOrEqual(t, met[i], 0, "%s %s was not limited", limit.method, limit.path)
		}
		if quiet == quietEngine { // It cannot be held back in the middle of an image, nor told how long to wait.
			assert.LessOrEqual(t, len(requests), quiet+len(limits)*image)
			return
		}
		for _, record := range result.Images {
			assert.Equal(t, 1, record.AttemptCount, "a limit is no attempt")
		}
		assert.LessOrEqual(t, len(requests), quiet+len(limits), "one request more for each limit")
		for i, limit := range limits {
			during := 0
			for _, other := range requests {
				if since := other.At.Sub(requests[met[i]].At); since > 0 && since < limit.wait {
					during++
				}
			}
			assert.Less(t, during, run.DefaultMaxWorkers, "%s %s: each of the others had one request under way", limit.method, limit.path)
		}
	})
}

// slowed is a registry that takes its time for a moment after a fault, so that everybody has heard
// of the fault before other answers come.
type slowed struct {
	mu    sync.Mutex
	until time.Time
}

func (s *slowed) from(fault registrytest.Fault) registrytest.Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		s.mu.Lock()
		s.until = time.Now().Add(800 * time.Millisecond)
		s.mu.Unlock()
		fault(w, r, registry)
	}
}

func (s *slowed) down(w http.ResponseWriter, r *http.Request, registry http.Handler) {
	s.mu.Lock()
	left := time.Until(s.until)
	s.mu.Unlock()
	registrytest.Delay(left)(w, r, registry)
}

// TestAFleetAtTheRateThatARegistryAllows: a registry that takes one request at a time and asks all
// others to wait until the next one is free, as ghcr.io does. Each request is refused a few times
// at most, and nothing is lost.
func TestAFleetAtTheRateThatARegistryAllows(t *testing.T) {
	t.Parallel()
	const every = time.Millisecond
	f := newFleet(t)
	f.withAllBases(t)
	f.direct(t, registry.Access{})
	var mu sync.Mutex
	next, refused := time.Now(), 0
	result := f.run(t, registrytest.Rule{Path: "/(agent|base)/", Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		mu.Lock()
		left := time.Until(next)
		if left <= 0 {
			next = time.Now().Add(every)
		} else {
			refused++
		}
		mu.Unlock()
		if left > 0 {
			body := fmt.Sprintf(`{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: %s, allowed: 60000/minute"}]}`, left)
			registrytest.Answer(http.StatusTooManyRequests, body)(w, r, nil)
			return
		}
		registry.ServeHTTP(w, r)
	}})
	f.built(t, result)
	f.holds(t, result)
	assert.LessOrEqual(t, len(f.Proxy.Requests()), 3*quietDirect, "%d were refused", refused)
}
