package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/reference"
)

// twoHosts is a run that publishes to ghcr.io. The first images of its plan stand on official images at Docker
// Hub, and have no base image yet; the others need nothing of Docker Hub.
type twoHosts struct {
	*fakeRegistry
	hub    int
	plan   Plan
	others chan struct{} // closed once all other images are published
	one    chan struct{} // closed once one of the first is: Docker Hub has answered
}

func newTwoHosts(images, hub int) *twoHosts {
	run := &twoHosts{fakeRegistry: withBuilder(nil), hub: hub, plan: planOf(images), others: make(chan struct{}), one: make(chan struct{})}
	run.plan.Builder = "ghcr.io/builder:b"
	run.has[run.plan.Builder] = Found{Digest: "sha256:bb"}
	for i := range run.plan.Items {
		item := &run.plan.Items[i]
		item.Base, item.Agent = fmt.Sprintf("ghcr.io/base:i%d", i), fmt.Sprintf("ghcr.io/agent:i%d", i)
		if i >= hub {
			item.Instance.OfficialImage = fmt.Sprintf("ghcr.io/official/i%d:latest", i)
			run.has[item.Base] = Found{Digest: digestOf(item.Base)}
		}
	}
	var mu sync.Mutex
	var first sync.Once
	published := 0
	run.onPublish = func(_ context.Context, image Image) error {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case image.Phase != PhaseAssemble:
		case reference.Host(image.Official) == reference.DockerHub:
			first.Do(func() { close(run.one) })
		default:
			if published++; published == images-hub {
				close(run.others)
			}
		}
		return nil
	}
	return run
}

// officials answers for Docker Hub.
type officials struct {
	mu     sync.Mutex
	asked  int
	answer func(asked int) error
}

func (o *officials) Find(_ context.Context, reference string) (Found, error) {
	o.mu.Lock()
	o.asked++
	asked := o.asked
	o.mu.Unlock()
	if err := o.answer(asked); err != nil {
		return Found{}, err
	}
	return Found{Digest: digestOf(reference)}, nil
}

// hubSays is an engine's error for a pull from Docker Hub.
func hubSays(answer string) error {
	return errors.New("failed to resolve source metadata for docker.io/official/i0:latest: failed to authorize: " +
		"failed to fetch anonymous token: unexpected status from GET request to https://auth.docker.io/token?scope=x: " + answer)
}

// TestTheTroubleOfOneHostCostsOnlyWhoNeedsIt: the images that need Docker Hub come first, and are as many as there
// are workers. While they wait for Docker Hub, the others are published.
func TestTheTroubleOfOneHostCostsOnlyWhoNeedsIt(t *testing.T) {
	const images, hub = 120, DefaultMaxWorkers
	limit, outage := hubSays("429 Too Many Requests"), hubSays("503 Service Unavailable")
	tests := map[string]struct {
		answer error
		lasts  time.Duration
		built  int
		why    string
	}{
		"a limit that ends":         {limit, time.Minute, images, ""},
		"a limit that does not end": {limit, 1000 * time.Hour, images - hub + 1, "the registry refused everything before and after 8 pauses: "},
		"an outage that ends":       {outage, 20 * time.Second, images, ""},
		"an outage that does not":   {outage, 1000 * time.Hour, images - hub + 1, "503 Service Unavailable"},
	}
	for name, test := range tests {
		for where, build := range map[string]bool{"when it is asked": false, "when the engine pulls": true} {
			t.Run(name+", "+where, func(t *testing.T) {
				clock, run := newFakeClock(), newTwoHosts(images, hub)
				met := untilAllSleep(hub - 1) // Each has met it before anybody has slept enough.
				clock.onSleep = func() {
					met()
					<-run.others
				}
				until := clock.Now().Add(test.lasts)
				official := &officials{answer: func(asked int) error {
					if asked == 1 {
						return nil // A registry that never answered is not waited for.
					}
					<-run.one
					if clock.Now().Before(until) {
						return test.answer
					}
					return nil
				}}
				runner := Runner{Publisher: run, Registry: run, Official: official, clock: clock, Timeout: ages}
				if build {
					published := run.onPublish
					run.onPublish = func(ctx context.Context, image Image) error {
						if image.Phase == PhaseBase {
							if _, err := official.Find(ctx, image.Official); err != nil {
								return fmt.Errorf("building: %w", err)
							}
						}
						return published(ctx, image)
					}
					runner.Official = nil
				}
				result, err := runner.Run(context.Background(), run.plan)
				require.NoError(t, err)
				assert.Equal(t, test.built, result.Count(StatusBuilt), "%v", Failures(result.Failed()))
				for _, record := range result.Failed() {
					assert.Contains(t, string(record.Error), test.why)
					assert.Contains(t, string(record.Error), "auth.docker.io", "the hub's own words")
					assert.NotContains(t, string(record.Error), "the run ended early")
				}
				assert.Less(t, official.asked, 30*hub)
			})
		}
	}
}

// TestAHostThatIsGivenUp: nobody asks it or waits for it any more, and one line tells of the images that it cost.
func TestAHostThatIsGivenUp(t *testing.T) {
	const hub, workers = 40, 3
	run, clock := newTwoHosts(hub+10, hub), newFakeClock()
	began := clock.Now()
	official := &officials{answer: func(int) error { return hubSays("429 Too Many Requests") }}
	runner := Runner{Publisher: run, Registry: run, Official: official, MaxWorkers: workers, clock: clock, Timeout: ages}
	runner.Retry = Retry{LimitFirst: time.Minute, LimitLongest: time.Minute, LimitWaits: 3}
	result, err := runner.Run(context.Background(), run.plan)
	require.NoError(t, err)
	assert.Equal(t, 10, result.Count(StatusBuilt))
	told := Failures(result.Failed())
	last := told[len(told)-1]
	assert.Contains(t, strings.Join(told, "\n"), " more: not started: docker.io: the registry refused everything before and after 3 pauses: ")
	assert.Contains(t, last, "→ "+AdviceWait)
	assert.Less(t, clock.Now().Sub(began), time.Hour, "the pauses are not those of each image")
}

// TestAHostThatStaysAwayIsGivenUp after a quarter of an hour.
func TestAHostThatStaysAwayIsGivenUp(t *testing.T) {
	const hub = 1000
	run, clock := newTwoHosts(hub+10, hub), newFakeClock()
	official := &officials{answer: func(asked int) error {
		if asked == 1 {
			return nil
		}
		clock.advance(time.Minute)
		return hubSays("no answer within 1m0s")
	}}
	runner := Runner{Publisher: run, Registry: run, Official: official, clock: clock, Timeout: ages}
	runner.MaxWorkers = 1 // Docker Hub answers the first before it is asked again.
	result, err := runner.Run(context.Background(), run.plan)
	require.NoError(t, err)
	assert.Equal(t, 11, result.Count(StatusBuilt))
	assert.Less(t, official.asked, 200)
	assert.Contains(t, strings.Join(Failures(result.Failed()), "\n"),
		" more: not started: docker.io: the registry has been unavailable for more than 15 minutes: ")
}

// TestARefusedPullIsNoReasonToEndARun: an engine pulls what it pushes, and tells of both in one error.
func TestARefusedPullIsNoReasonToEndARun(t *testing.T) {
	run := newTwoHosts(4, 1)
	published := run.onPublish
	run.onPublish = func(ctx context.Context, image Image) error {
		if image.Phase == PhaseBase {
			return &PushError{Reference: image.Reference, Err: errors.New("failed to copy: httpReadSeeker: failed open: " +
				"unexpected status code https://registry-1.docker.io/v2/official/i0/blobs/sha256:0: 401 Unauthorized")}
		}
		return published(ctx, image)
	}
	result, err := Runner{Publisher: run, Registry: run, Retry: quick, MaxWorkers: 1}.Run(context.Background(), run.plan)
	require.NoError(t, err)
	assert.Equal(t, []Status{StatusFailed, StatusBuilt, StatusBuilt, StatusBuilt}, statuses(result.Images))
}

// TestAHostThatNobodyKnewOf: a Dockerfile may need images of other registries, which the plan does not name.
func TestAHostThatNobodyKnewOf(t *testing.T) {
	limit := errors.New("building: unexpected status from HEAD request to https://quay.io/v2/p/python/manifests/3: 429 Too Many Requests")
	clock := newFakeClock()
	target := newThrottle(clock, 12)
	tries := 0
	_, err := Retry{}.do(context.Background(), target, "base", func(context.Context) error {
		tries++
		assert.LessOrEqual(t, target.all.at("quay.io").closedFor(), time.Duration(0), "its pause is over")
		if tries <= 3 {
			return limit
		}
		return nil
	})
	require.NoError(t, err)
	assert.Len(t, clock.slept, 3)
	assert.LessOrEqual(t, target.until, clock.Now().Add(-time.Hour), "the target had none")
	for _, host := range []string{"quay.io", target.host} {
		assert.Zero(t, target.all.at(host).working, "the places are free")
	}
}

// TestAnAttemptKeepsNobodyFromOneHostWhileItWaitsForAnother: it holds a place at neither.
func TestAnAttemptKeepsNobodyFromOneHostWhileItWaitsForAnother(t *testing.T) {
	for what, hold := range map[string]func(t *testing.T, hub *throttle){
		"a limit":   func(_ *testing.T, hub *throttle) { hub.pause("base", hub.clock.Now(), time.Hour) },
		"an outage": func(t *testing.T, hub *throttle) { opens(t, hub, hub.work) },
	} {
		t.Run(what, func(t *testing.T) {
			clock := newFakeClock()
			all := newThrottles(clock, 1)
			all.own = func(host string) bool { return host == "ghcr.io" }
			resting := 0
			all.rest = func() (back func()) {
				resting++
				return func() { resting-- }
			}
			target, hub := all.at("ghcr.io"), all.at(reference.DockerHub)
			hold(t, hub)
			slept := false
			clock.onSleep = func() {
				slept = true
				assert.Zero(t, target.working)
				assert.Equal(t, 1, resting, "a worker's place is free")
				pass := target.tryBegin(false)
				require.NotNil(t, pass, "somebody else begins")
				target.leave(&target.working)
				target.work.abandon(pass)
			}
			_, err := Retry{}.do(context.Background(), target, "base", func(context.Context) error {
				assert.Zero(t, resting)
				assert.Equal(t, 1, target.working)
				assert.Equal(t, 1, hub.working)
				return nil
			}, hub)
			require.NoError(t, err)
			assert.True(t, slept)
			assert.Zero(t, target.working+hub.working)
			assert.False(t, hub.work.open)
		})
	}
}

// TestAProbeWhoseAttemptMeetsAnotherHostsTrouble says nothing of its own host: somebody else becomes the probe.
func TestAProbeWhoseAttemptMeetsAnotherHostsTrouble(t *testing.T) {
	all := newThrottles(newFakeClock(), 12)
	target, hub := all.at("ghcr.io"), all.at(reference.DockerHub)
	tries := func(err error) {
		_, _ = Retry{Attempts: 1, LimitWaits: -1}.do(context.Background(), target, "base", func(context.Context) error { return err }, hub)
	}
	opens(t, target, target.work)
	tries(hubSays("503 Service Unavailable"))
	assert.True(t, target.work.open, "it was not reached")
	assert.Nil(t, target.work.probe)
	tries(errors.New("building: invalid reference format"))
	assert.True(t, target.work.open)
	tries(&PushError{Reference: "ghcr.io/base:t", Err: errors.New("400 Bad Request")})
	assert.False(t, target.work.open, "it was, and answered")

	opens(t, hub, hub.work)
	tries(&PushError{Reference: "ghcr.io/base:t", Err: errors.New("503 Service Unavailable")})
	assert.False(t, hub.work.open, "what is pushed was pulled before")
}

func TestWhichHostAnErrorIsAbout(t *testing.T) {
	push := func(text string) error {
		return &PushError{Reference: "ghcr.io/me/base:t", Err: errors.New(text)}
	}
	known := []string{"ghcr.io", reference.DockerHub}
	tests := map[string]struct {
		err  error
		host string
	}{
		"the target, where a push failed and names nobody":       {push("429 Too Many Requests"), "ghcr.io"},
		"the official image's, where a build failed and does so": {errors.New("building: 429 Too Many Requests"), reference.DockerHub},
		"whose URL it has": {
			errors.New("building: unexpected status from HEAD request to https://ghcr.io/v2/me/x/manifests/t: 429 Too Many Requests"), "ghcr.io",
		},
		"whose URL it has, whatever is pushed": {
			push("failed to copy: unexpected status code https://registry-1.docker.io/v2/o/i/blobs/sha256:0: 429 Too Many Requests"), reference.DockerHub,
		},
		"the last one: that is where it went wrong": {
			push(`failed to copy docker.io/o/i: Put "https://ghcr.io/v2/me/base/blobs/uploads/1": connection reset by peer`), "ghcr.io",
		},
		"Docker Hub's, by its token server": {hubSays("429 Too Many Requests"), reference.DockerHub},
		"whose reference it has, where the token server is another's": {
			errors.New("failed to resolve source metadata for docker.io/o/i:latest: GET request to https://tokens.example.com/jwt: 503"), reference.DockerHub,
		},
		"another one, which nobody knew of": {
			errors.New(`building: failed to do request: Head "https://quay.io/v2/p/python/manifests/3": dial tcp: i/o timeout`), "quay.io",
		},
		"none that a command printed": {
			errors.New("building: 503 Service Unavailable\n  | GET https://quay.io/v2/: 503"), reference.DockerHub,
		},
		"none that a layer was to be mounted from": {
			push("POST request to https://ghcr.io/v2/me/base/blobs/uploads/?from=docker.io/o/i&mount=sha256:0: 503 Service Unavailable"), "ghcr.io",
		},
		"its own, if it knows that":    {AtHost("quay.io", errors.New("GET /v2/: 503")), "quay.io"},
		"Docker Hub's, by its storage": {push("GET https://production.cloudflare.docker.com/registry-v2/docker/x: 503"), reference.DockerHub},
		"whose reference comes last": {
			push("failed to resolve source metadata for docker.io/o/i:latest: GET request to https://tokens.example.com/jwt: 503"), reference.DockerHub,
		},
		"a registry with a port": {
			errors.New("unexpected status from GET request to http://u:p@127.0.0.1:5000/v2/x/manifests/t: 500"), "127.0.0.1:5000",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.host, hostOf(test.err, known)) })
	}
	assert.NoError(t, AtHost("ghcr.io", nil))
	for url, host := range map[string]string{
		"index.docker.io": reference.DockerHub, "registry-1.docker.io": reference.DockerHub, "Auth.Docker.io": reference.DockerHub,
		"GHCR.io": "ghcr.io", "localhost": "localhost", "localhost:5000": "localhost:5000", "[::1]:5000": "[::1]:5000", "": "",
	} {
		assert.Equal(t, host, hostName(url))
	}
}
