package faults

import (
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/e2e/internal/harness"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/pipeline/throttle"
)

func TestATimeoutCostsOneImage(t *testing.T) {
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		f, proxy := harness.FaultyFleet(t, 3)
		proxy.Script(registrytest.Rule{Method: http.MethodPut, Path: harness.ManifestOf(harness.Task(2)), Fault: registrytest.Stall(5 * time.Minute)})

		began := time.Now()
		c := harness.CallModule(t, f.Flags("assemble-all", "--publish", "--publisher", publisher, "--timeout", "65s", "total")...)
		took := time.Since(began)

		message := c.Message(t)
		assert.Contains(t, message, "1 of 3 agent images failed")
		assert.Contains(t, message, "assemble "+harness.Task(2)+": took longer than 1m5s")
		assert.Contains(t, message, "--timeout")
		assert.Len(t, f.Agents(t), 2, "the others are published")
		// What a person sees who wonders whether it hangs: a line of progress that names the image.
		assert.Regexp(t, `bases 3/3 · agents 2/3 · 1 in progress · slowest: assemble `+harness.Task(2)+` (3|4|5|6)\ds`, c.Stderr)
		assert.Contains(t, c.Stderr, "the registry has 0 of 3 agent images · 3 to make")
		assert.Regexp(t, `made 2 of 3 agent images \(1 failed\) in 1m\d+s`, c.Stderr)
		assert.LessOrEqual(t, strings.Count(c.Stderr, " in progress"), int(took/(5*time.Second)))
	})
}

// TestMaxAttemptsCountTheFirstTime with the engine, whose tries are not the module's requests.
// Those of the other publisher TestFleetAssembling counts.
func TestMaxAttemptsCountTheFirstTime(t *testing.T) {
	t.Parallel()
	f, proxy := harness.FaultyFleet(t, 3)
	strange := registrytest.Answer(http.StatusBadRequest, "") // After it the engine asks no more by itself.
	proxy.Script(
		registrytest.Rule{Method: http.MethodPut, Path: harness.ManifestOf(harness.Task(1)), Times: 2, Fault: strange},
		registrytest.Rule{Method: http.MethodPut, Path: harness.ManifestOf(harness.Task(2)), Fault: strange},
	)

	agents := harness.Records(t, f.Run(t, "--publisher", "engine", "--max-attempts", "3"), "manifest.jsonl")

	assert.Equal(t, map[string]string{harness.Task(1): "built", harness.Task(2): "failed", harness.Task(3): "built"}, harness.Statuses(agents))
	assert.Equal(t, []int{3, 3, 1}, []int{agents[0].AttemptCount, agents[1].AttemptCount, agents[2].AttemptCount})
	assert.Equal(t, 3, proxy.Count(http.MethodPut, harness.ManifestOf(harness.Task(1))))
	assert.Equal(t, 3, proxy.Count(http.MethodPut, harness.ManifestOf(harness.Task(2))))
}

func TestARefusedTagKeepsNoOtherBack(t *testing.T) {
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		// An answer after which a publisher asks no more by itself, and the run tries again.
		refuses := map[string]int{"engine": http.StatusBadRequest, "direct": http.StatusRequestTimeout}[publisher]
		f, proxy := harness.FaultyFleet(t, 2)
		proxy.Script(registrytest.Rule{
			Method: http.MethodPut, Path: "/agent/manifests/nightly-" + harness.Task(1), Fault: registrytest.Answer(refuses, ""),
		})

		agents := harness.Records(t, f.Run(t, "--publisher", publisher, "--tags", "nightly,weekly", "--max-attempts", "1"), "manifest.jsonl")

		refused, pushed := f.AgentTag("nightly-"+harness.Task(1)+"-source-minimal"), []string{f.Agent(harness.Task(1)), f.AgentTag("weekly-" + harness.Task(1) + "-source-minimal")}
		assert.Equal(t, "failed", agents[0].Status)
		assert.Equal(t, pushed, agents[0].Tags)
		require.NotNil(t, agents[0].Error)
		assert.Contains(t, *agents[0].Error, refused)
		assert.Equal(t, "built", agents[1].Status)
		published := f.Published(t)
		for _, tag := range pushed {
			assert.Equal(t, agents[0].Digest, published[tag])
		}
		assert.NotContains(t, published, refused)

		if publisher == "direct" { // A check knows no publisher.
			message := f.Call(t, "check", "--tags", "nightly,weekly").Message(t)
			assert.Equal(t, []string{refused}, harness.ReferencesIn(message, f.Registry))
		}

		proxy.Script()
		again := harness.Records(t, f.Run(t, "--publisher", publisher, "--tags", "nightly,weekly"), "manifest.jsonl")
		assert.Equal(t, map[string]string{harness.Task(1): "skipped_remote_exists", harness.Task(2): "skipped_remote_exists"}, harness.Statuses(again))
		assert.Contains(t, again[0].Tags, refused)
		assert.Equal(t, agents[0].Digest, f.Published(t)[refused])
	})
}

func TestAnImageOfWhichNobodyKnowsIsNotBuilt(t *testing.T) {
	t.Parallel()
	answers := []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError}
	f, proxy := harness.FaultyFleet(t, len(answers)+1)
	var script []registrytest.Rule
	for i, status := range answers {
		for _, method := range []string{http.MethodHead, http.MethodGet} {
			script = append(script, registrytest.Rule{Method: method, Path: harness.ManifestOf(harness.Task(i + 1)), Fault: registrytest.Answer(status, "")})
		}
	}
	proxy.Script(script...)

	agents := harness.Records(t, f.Run(t, "--max-attempts", "2"), "manifest.jsonl")

	require.Len(t, agents, len(answers)+1)
	for i, status := range answers {
		failed := agents[i]
		assert.Equal(t, "failed", failed.Status, "the answer is %d", status)
		require.NotNil(t, failed.Error)
		assert.Contains(t, *failed.Error, "asking the registry for "+f.Agent(harness.Task(i+1)))
		assert.Contains(t, *failed.Error, http.StatusText(status))
		assert.Zero(t, proxy.Count(http.MethodPut, harness.ManifestOf(harness.Task(i+1))), "the answer is %d", status)
		assert.Zero(t, proxy.Count("", harness.ManifestOfOfficial(harness.Task(i+1))), "its base is not begun either")
	}
	assert.Equal(t, "built", agents[len(answers)].Status)
}

func TestALimitIsWaitedOutForAsLongAsTheRegistryAsks(t *testing.T) {
	t.Parallel()
	// ghcr.io says it in the body.
	const body = `{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 3s, allowed: 2000/minute"}]}`
	for name, limit := range map[string]registrytest.Fault{
		"in the header": registrytest.Answer(http.StatusTooManyRequests, "", "Retry-After", "3"),
		"in the body":   registrytest.Answer(http.StatusTooManyRequests, body),
		"by a 403":      registrytest.Answer(http.StatusForbidden, `{"message":"You have exceeded a secondary rate limit. retry-after: 3s"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, proxy := harness.FaultyFleet(t, 8)
			var puts, limits instants
			proxy.Script(
				registrytest.Rule{Method: http.MethodPut, Path: "/agent/manifests/", Skip: 2, Times: 1, Fault: limits.noted(limit)},
				registrytest.Rule{Method: http.MethodPut, Path: "/agent/manifests/", Fault: puts.noted(nil)},
			)

			agents := harness.Records(t, f.Run(t, "--publisher", "direct", "--max-workers", "4"), "manifest.jsonl")

			for _, agent := range agents {
				assert.Equal(t, "built", agent.Status, agent.InstanceID)
			}
			require.Len(t, limits.all, 1)
			during, after := 0, time.Hour
			for _, put := range puts.all {
				switch since := put.Sub(limits.all[0]); {
				case since >= 3*time.Second:
					after = min(after, since)
				case since > 0:
					during++
				}
			}
			assert.Less(t, after, throttle.DefaultRetry.LimitFirst/2, "the least that it would back off for by its own measure")
			assert.LessOrEqual(t, during, 2*3, "the other three end what they are at, and begin nothing")
			assert.Len(t, f.Agents(t), 8)
		})
	}
}

// instants are when requests came.
type instants struct {
	mu  sync.Mutex
	all []time.Time
}

// noted notes when a request comes that a fault answers, or, if that is nil, the registry.
func (i *instants) noted(fault registrytest.Fault) registrytest.Fault {
	return func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		i.mu.Lock()
		i.all = append(i.all, time.Now())
		i.mu.Unlock()
		if fault == nil {
			registry.ServeHTTP(w, r)
			return
		}
		fault(w, r, registry)
	}
}

func TestASecondRunAfterCtrlCDoesOnlyTheRest(t *testing.T) {
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		f, proxy := harness.FaultyFleet(t, 4)
		reached, once := make(chan struct{}), sync.Once{}
		proxy.Script(registrytest.Rule{
			Method: http.MethodPut, Path: "/agent/manifests/.*" + harness.Task(3),
			Fault: func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
				once.Do(func() { close(reached) })
				registrytest.Stall(5*time.Minute)(w, r, registry)
			},
		})

		running := harness.StartModule(t, f.Flags("assemble-all", "--publish", "--publisher", publisher, "--max-workers", "1", "total")...)
		<-reached
		running.Signal(t, syscall.SIGINT)
		assert.NotZero(t, running.Wait(t).Exit)
		assert.Equal(t, []string{f.Agent(harness.Task(3)), f.Agent(harness.Task(4))}, harness.ReferencesIn(f.Call(t, "check").Message(t), f.Registry), "check says what was left")
		assert.Zero(t, proxy.Count(http.MethodPut, harness.ManifestOf(harness.Task(4))), "nothing was begun after the signal")

		proxy.Script()
		again := harness.Records(t, f.Run(t), "manifest.jsonl")
		const built, skipped = "built", "skipped_remote_exists"
		assert.Equal(t, map[string]string{harness.Task(1): skipped, harness.Task(2): skipped, harness.Task(3): built, harness.Task(4): built}, harness.Statuses(again))
		assert.Len(t, f.Agents(t), 4)
	})
}
