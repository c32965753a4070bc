package publish

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/registry"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/pipeline/run"
	"dagger/eval-images/pipeline/throttle"
)

// refusedPushes are the requests that would have changed something and were answered with this
// status.
func refusedPushes(f *fleet, status int) (n int) {
	for _, request := range f.Proxy.Requests() {
		if request.Status == status && request.Method != http.MethodGet && request.Method != http.MethodHead {
			n++
		}
	}
	return n
}

// TestAFleetThatMayNotPush: the first push ends the run, and with twelve workers no more than
// twelve are sent. What was begun is done, and all others say why they were not started.
func TestAFleetThatMayNotPush(t *testing.T) {
	const says = "the run ended early: "
	unauthorized := registrytest.Answer(http.StatusUnauthorized, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
	pushes := func(path string) []registrytest.Rule {
		return []registrytest.Rule{
			{Method: http.MethodPost, Path: path, Fault: unauthorized}, {Method: http.MethodPut, Path: path, Fault: unauthorized},
			{Method: http.MethodPatch, Path: path, Fault: unauthorized},
		}
	}
	eachPublisher(t, func(t *testing.T, f *fleet, quiet, image int) {
		result := f.run(t, pushes("")...)
		assert.Zero(t, result.Count(manifest.StatusBuilt))
		workers := run.DefaultMaxWorkers
		assert.LessOrEqual(t, refusedPushes(f, http.StatusUnauthorized), workers, "one for each worker, none is sent again")
		started := 0
		for _, record := range result.Images {
			if record.AttemptCount > 1 || !strings.Contains(string(record.Error), "not started: "+says) {
				started++
			}
			assert.Contains(t, string(record.Error), "401 Unauthorized")
			assert.Contains(t, string(record.Error), classify.AdviceCredentials)
		}
		assert.LessOrEqual(t, started, workers)
		assert.LessOrEqual(t, len(f.Proxy.Requests()), 2+fleetSize+workers*image, "the checks, and what the workers began")
		f.holds(t, result)
	})
	t.Run("nor the builder", func(t *testing.T) {
		t.Parallel()
		f := newFleet(t)
		f.plan.Builder = f.Reference("builder:new")
		f.direct(t, registry.Access{})
		f.Proxy.Script(pushes("")...)
		result, err := f.runner.Run(ctx, f.plan)
		require.ErrorContains(t, err, "builder: publishing "+f.plan.Builder)
		require.ErrorContains(t, err, classify.AdviceCredentials)
		assert.Len(t, result.Failed(), fleetSize)
		assert.Equal(t, 1, refusedPushes(f, http.StatusUnauthorized), "nothing else is pushed")
		assert.Empty(t, result.Bases, "and no base image is begun")
	})
}

// TestAFleetWhoseQuotaIsUsedUp: the quota ends in the middle of a run. The run ends too, what is
// published stays, and the advice is about the quota.
func TestAFleetWhoseQuotaIsUsedUp(t *testing.T) {
	const before = 30
	for name, quota := range map[string]struct{ message, advice string }{
		// https://github.com/goharbor/harbor-cli/issues/96
		"Harbor":       {"adding 1.0 GiB of storage resource, which when updated to 10.5 GiB will exceed the configured upper limit of 10.0 GiB.", classify.AdviceQuota},
		"Quay":         {"Quota has been exceeded on namespace", classify.AdviceQuota},
		"DigitalOcean": {"registry contains 1 repositories, limit is 1", classify.AdvicePlan},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			f.withAllBases(t)
			f.direct(t, registry.Access{})
			body := fmt.Sprintf(`{"errors":[{"code":"DENIED","message":%q}]}`, quota.message)
			result := f.run(t, registrytest.Rule{
				Method: http.MethodPut, Path: "/agent/manifests/i-", Skip: before, Fault: registrytest.Answer(http.StatusForbidden, body),
			})
			assert.InDelta(t, before, result.Count(manifest.StatusBuilt), run.DefaultMaxWorkers, "but for what was under way")
			assert.LessOrEqual(t, refusedPushes(f, http.StatusForbidden), run.DefaultMaxWorkers, "one for each worker, none is sent again")
			last := string(result.Images[fleetSize-1].Error)
			assert.Contains(t, last, "not started: the run ended early: ")
			assert.Contains(t, last, quota.message+"\n  → "+quota.advice)
		})
	}
}

// TestAFleetWhoseRegistryRefusesEverything: limits that never end are asked about a few times by
// all workers together, and then the run ends.
func TestAFleetWhoseRegistryRefusesEverything(t *testing.T) {
	const waits = 3
	limit := registrytest.Answer(http.StatusTooManyRequests, `{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 5ms"}]}`)
	eachPublisher(t, func(t *testing.T, f *fleet, quiet, image int) {
		f.withAllBases(t)
		f.runner.Hosts.Retry.LimitWaits = waits
		f.Proxy.Script(registrytest.Rule{Method: http.MethodPost, Fault: limit}, registrytest.Rule{Method: http.MethodPut, Fault: limit})
		result, err := f.runner.Run(ctx, f.plan)
		require.NoError(t, err)
		assert.Zero(t, result.Count(manifest.StatusBuilt))
		last := string(result.Images[fleetSize-1].Error)
		assert.Contains(t, last, "not started: the run ended early: the registry refused everything before and after 3 pauses")
		assert.Contains(t, last, classify.AdviceWait)
		// Twelve at first, then six, three, one; and the layers and the config of one image at a
		// time, where an engine uploads them.
		assert.LessOrEqual(t, refusedPushes(f, http.StatusTooManyRequests), 3*run.DefaultMaxWorkers*(waits+1))
		f.holds(t, result)
	})
}

// TestAFleetWithAStalledRequest: the registry does not answer one request before it has all other
// images. If one that hangs held others up, this would not end.
func TestAFleetWithAStalledRequest(t *testing.T) {
	const stalled = 3
	t.Parallel()
	f := newFleet(t)
	f.direct(t, registry.Access{})
	var others sync.WaitGroup
	others.Add(fleetSize - 1)
	result := f.run(t,
		registrytest.Rule{Method: http.MethodPut, Path: tagOf(stalled), Times: 1, Fault: func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			others.Wait()
			registrytest.Cut(0)(w, r, nil)
		}},
		registrytest.Rule{Method: http.MethodPut, Path: tagOf(stalled), Fault: registrytest.Delay(0)},
		registrytest.Rule{Method: http.MethodPut, Path: "/agent/manifests/i-", Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
			registry.ServeHTTP(w, r)
			others.Done()
		}},
	)
	f.built(t, result)
	assert.Equal(t, 1, result.Images[stalled].AttemptCount, "the request is sent again, and not the image made again")
	f.holds(t, result)
	assert.LessOrEqual(t, len(f.Proxy.Requests()), quietDirect+1, "only what was not answered is sent again")
}

// TestAFleetWhoseTokensExpire: a token is good for twenty requests, which twelve workers use up
// again and again in the middle of their images. That costs nobody an attempt.
func TestAFleetWhoseTokensExpire(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	tokens := &registrytest.Tokens{Registry: f.Proxy, Good: 20}
	server := httptest.NewServer(tokens)
	t.Cleanup(server.Close)
	f.renamed(strings.TrimPrefix(server.URL, "http://"))
	f.direct(t, registry.Access{})
	result := f.run(t)
	f.built(t, result)
	for _, record := range result.Images {
		assert.Equal(t, 1, record.AttemptCount)
	}
	f.holds(t, result)
	assert.Greater(t, tokens.Issued(), quietDirect/20/4, "they did expire")
}

// TestAFleetUnderFaultsByChance: whatever comes together, what the manifest says is what the
// registry has, no image is tried too often, and what a run leaves the next one makes.
func TestAFleetUnderFaultsByChance(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.direct(t, registry.Access{})
	for seed := uint64(1); seed <= 2; seed++ {
		result := f.run(t, registrytest.Rule{Path: "/(agent|base)/", Fault: registrytest.Random(seed, 0.05,
			registrytest.Answer(http.StatusInternalServerError, ""), registrytest.Page(http.StatusBadGateway), registrytest.Cut(20), registrytest.Lost(),
			registrytest.Torn(), registrytest.Answer(http.StatusTooManyRequests, `{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 2ms"}]}`),
		)})
		f.holds(t, result)
		for _, record := range result.Images {
			assert.LessOrEqual(t, record.AttemptCount, fleetAttempts+throttle.DefaultRetry.LimitWaits, record.InstanceID)
		}
		assert.LessOrEqual(t, len(f.Proxy.Requests()), quietDirect*3/2)
	}
	last := f.run(t)
	assert.Empty(t, last.Failed())
	f.holds(t, last)
}

// TestAFleetWhoseRegistryIsAway: a registry that is started anew in the middle of a run, or whose
// storage is, costs no image.
func TestAFleetWhoseRegistryIsAway(t *testing.T) {
	everything := registrytest.Rule{Fault: registrytest.Answer(http.StatusServiceUnavailable, "")}
	for name, away := range map[string]registrytest.Rule{
		"that takes no connection":                        {Path: "/(manifests|blobs)/", Fault: registrytest.Cut(0)},
		"that answers 500 to all that is to be written":   {Method: http.MethodPut, Fault: registrytest.Answer(http.StatusInternalServerError, "")},
		"that answers 500 to all manifests that are put":  {Method: http.MethodPut, Path: "/manifests/", Skip: fleetSize / 2, Fault: registrytest.Answer(http.StatusInternalServerError, "")},
		"that has a proxy before it which answers for it": {Fault: registrytest.Page(http.StatusBadGateway)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			f.direct(t, registry.Access{})
			f.losesNothingWhile(t, away)
		})
	}
	eachPublisher(t, func(t *testing.T, f *fleet, _, _ int) { f.losesNothingWhile(t, everything) })
}

// losesNothingWhile runs a fleet whose registry has this fault for a while, in the middle of it.
func (f *fleet) losesNothingWhile(t *testing.T, away registrytest.Rule) {
	t.Helper()
	f.withAllBases(t)
	f.runner.Hosts.Retry = throttle.Retry{Attempts: 2, First: 100 * time.Millisecond, Longest: time.Second, RequestFirst: time.Millisecond}
	var until atomic.Int64
	fault := away.Fault
	away.Skip = cmp.Or(away.Skip, fleetSize*3/2)
	away.Fault = func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		until.CompareAndSwap(0, time.Now().Add(500*time.Millisecond).UnixNano())
		if time.Now().UnixNano() > until.Load() {
			registry.ServeHTTP(w, r)
			return
		}
		fault(w, r, registry)
	}
	result := f.run(t, away)
	f.built(t, result)
	f.holds(t, result)
	assert.NotZero(t, until.Load(), "the registry was never away")
}
