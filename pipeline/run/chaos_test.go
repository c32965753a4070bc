package run

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/memo"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
	"dagger/eval-images/reference"
)

// chaos is two registries with every kind of fault, and a publisher to one of them.
type chaos struct {
	own, hub string
	hosts    *throttle.Hosts
	blobs    memo.Group[bool]

	mu     sync.Mutex
	random *rand.Rand
	// trouble is the probability that a request fails, by host, until calm.
	trouble map[string]float64
	calm    time.Time
	has     map[string]plan.Found
}

func newChaos(seed uint64) *chaos {
	random := rand.New(rand.NewPCG(seed, 0))
	c := &chaos{
		own: "ghcr.example", hub: "hub.example", hosts: new(throttle.Hosts), random: random, has: map[string]plan.Found{},
		calm: time.Now().Add(time.Duration(random.IntN(100)) * time.Millisecond),
	}
	if random.IntN(4) == 0 {
		c.hub = c.own
	}
	levels := []float64{0, 0.1, 0.4, 0.8, 1}
	c.trouble = map[string]float64{c.hub: levels[random.IntN(5)], c.own: levels[random.IntN(4)]}
	return c
}

// plan has official images on both hosts.
func (c *chaos) plan() plan.Plan {
	planned := planOf(1 + c.random.IntN(20))
	planned.Builder = c.own + "/builder:b"
	for i := range planned.Items {
		item, at := &planned.Items[i], c.hub
		if i%3 == 0 {
			at = c.own
		}
		item.Base, item.Agent = fmt.Sprintf("%s/base:i%d", c.own, i), fmt.Sprintf("%s/agent:i%d", c.own, i)
		item.Instance.OfficialImage = fmt.Sprintf("%s/official/i%d:x", at, i)
		c.has[item.Instance.OfficialImage] = plan.Found{Digest: digestOf(item.Instance.OfficialImage)}
	}
	return planned
}

func (c *chaos) runner() Runner {
	runner := Runner{
		Publisher: c, Registry: c, Official: c, MaxWorkers: 1 + c.random.IntN(4), Force: c.random.IntN(4) == 0,
		Timeout: time.Duration(5+c.random.IntN(200)) * time.Millisecond,
		Hosts:   c.hosts,
	}
	c.hosts.Retry = throttle.Retry{
		Attempts: 1 + c.random.IntN(4), First: 200 * time.Microsecond, Longest: 2 * time.Millisecond,
		RequestFirst: 100 * time.Microsecond, LimitFirst: 300 * time.Microsecond, LimitLongest: 2 * time.Millisecond,
		OutageWaits: c.random.IntN(4) - 1,
	}
	switch c.random.IntN(4) {
	case 0:
		runner.Registry = nil
	case 1, 2:
		runner.Sharing = c
	}
	return runner
}

// answer returns the answer to a request to a host.
func (c *chaos) answer(ctx context.Context, host string) error {
	c.mu.Lock()
	bad, what := c.random.Float64() < c.trouble[host] && time.Now().Before(c.calm), c.random.IntN(12)
	c.mu.Unlock()
	texts := []string{"429 Too Many Requests", "503 Service Unavailable", "i/o timeout", "connection reset by peer", "403 Forbidden"}
	switch {
	case !bad:
		return context.Cause(ctx)
	case what == 0:
		panic("a mistake of ours")
	case what == 1: // It hangs.
		<-ctx.Done()
		return context.Cause(ctx)
	case what == 2:
		return classify.AtHost(host, asksFor(3*time.Millisecond))
	}
	return classify.AtHost(host, errors.New(texts[what%len(texts)]))
}

func (c *chaos) send(ctx context.Context, host, kind string) error {
	return c.hosts.Send(ctx, host, kind, func() error { return c.answer(ctx, host) })
}

func (c *chaos) Find(ctx context.Context, image string) (plan.Found, error) {
	if err := c.send(ctx, reference.Host(image), "GET manifest"); err != nil {
		return plan.Found{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.has[image]
	if !ok {
		return plan.Found{}, classify.ErrAbsent
	}
	return found, nil
}

// Publish lets an engine pull the official image; all images wait for a shared blob. Some answers
// are lost at the end.
func (c *chaos) Publish(ctx context.Context, image plan.Image) (Published, error) {
	if image.Phase == plan.PhaseBase && image.Rebase == nil {
		if err := c.answer(ctx, reference.Host(image.Official)); err != nil {
			return Published{}, fmt.Errorf("building: %w", err)
		}
	}
	failed := func(err error) (Published, error) {
		return Published{}, &classify.PushError{Reference: image.Reference, Err: err}
	}
	_, _, err := c.blobs.Do(ctx, "layer", func() (bool, error) { return true, c.send(ctx, c.own, "POST blob") })
	if err != nil {
		return failed(err)
	}
	if err := c.send(ctx, c.own, "PUT manifest"); err != nil {
		return failed(err)
	}
	found := plan.NewFound(digestOf(image.Reference), image.Labels())
	c.mu.Lock()
	c.has[image.Reference] = found
	c.mu.Unlock()
	if err := c.send(ctx, c.own, "PUT manifest"); err != nil {
		return failed(err)
	}
	return Published{Digest: found.Digest}, nil
}

func (c *chaos) RebaseKey(ctx context.Context, image plan.Image) (key, refused string, err error) {
	name, _ := reference.CutDigest(image.Official)
	return fmt.Sprint(len(name)), "", c.answer(ctx, reference.Host(image.Official))
}

// TestChaos: whatever two registries do, and whenever it is stopped, a run ends, decides each
// image, claims nothing that does not exist, and leaks no worker slot and no goroutine.
func TestChaos(t *testing.T) {
	before := runtime.NumGoroutine()
	for seed := range uint64(60) {
		c := newChaos(seed)
		plan, runner := c.plan(), c.runner()
		ctx, cancel := context.WithCancel(context.Background())
		if c.random.IntN(3) == 0 {
			time.AfterFunc(time.Duration(c.random.IntN(60))*time.Millisecond, cancel)
		}
		done := make(chan *manifest.Result)
		inner, stop := context.WithCancelCause(ctx)
		run := newRun(runner, plan, stop)
		go func() {
			result, _ := run.do(ctx, inner) // Many end early.
			stop(nil)
			done <- result
		}()
		select {
		case result := <-done:
			require.Len(t, result.Images, len(plan.Items))
			c.check(t, seed, result, runner.Registry != nil)
			assert.Empty(t, run.Hosts.Busy(), "seed %d", seed)
		case <-time.After(2 * time.Minute):
			t.Fatalf("seed %d hangs:\n%s", seed, stacks())
		}
		cancel()
	}
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, time.Minute, time.Millisecond, // With its own.
		"goroutines are left:\n%s", stacks())
}

func stacks() string {
	all := make([]byte, 1<<20)
	return string(all[:runtime.Stack(all, true)])
}

func (c *chaos) check(t *testing.T, seed uint64, result *manifest.Result, published bool) {
	t.Helper()
	for _, record := range slices.Concat(result.Images, result.Bases, result.Builders) {
		name := fmt.Sprintf("seed %d, %s", seed, record.Name())
		switch record.Status {
		case manifest.StatusFailed:
			assert.NotEmpty(t, record.Error, name)
		case manifest.StatusBuilt, manifest.StatusSkipped:
			assert.Empty(t, record.Error, name)
			assert.Equal(t, published, len(record.Tags) > 0, name)
			for _, tag := range record.Tags {
				assert.Equal(t, c.has[tag].Digest, string(record.Digest), name)
			}
		default:
			t.Errorf("%s: nobody decided it", name)
		}
	}
}
