package run

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"dagger/eval-images/pipeline/clock/clocktest"
	"dagger/eval-images/pipeline/manifest"
	"dagger/eval-images/pipeline/plan"
	"dagger/eval-images/pipeline/throttle"
)

// told are the lines that a run reports.
type told struct {
	mu    sync.Mutex
	lines []string
}

func (l *told) report(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

// last is the last line.
func (l *told) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines[len(l.lines)-1]
}

// TestALine: what is done, what is left, and what takes long.
func TestALine(t *testing.T) {
	now := clocktest.New().Now()
	making := func(done int, more func(*progress)) *progress {
		p := new(progress)
		p.start(now, "", bar{barBases, done + 7, 500}, bar{barAgents, done, 500})
		if more != nil {
			more(p)
		}
		return p
	}
	under := func(units ...string) func(*progress) {
		return func(p *progress) {
			for _, unit := range units {
				p.begin(now, unit)
			}
		}
	}
	for name, test := range map[string]struct {
		progress     *progress
		moved, total int64
		after        time.Duration
		want         string
	}{
		"counts both kinds of images": {making(30, nil), 0, 0, 0, "bases 37/500 · agents 30/500 · 0 in progress"},
		"says how many failed":        {making(30, func(p *progress) { p.failed = 2 }), 0, 0, 0, "bases 37/500 · agents 30/500 · 2 failed · 0 in progress"},
		"names no unit that is young": {making(30, under("base a", "base b")), 0, 0, 29 * time.Second, "bases 37/500 · agents 30/500 · 2 in progress"},
		"names those that take long":  {making(30, under("base b", "base a")), 0, 0, 190 * time.Second, "bases 37/500 · agents 30/500 · 2 in progress · slowest: base a 3m10s, base b 3m10s"},
		"names five of them": {making(30, under("a", "b", "c", "d", "e", "f", "g")), 0, 0, 30 * time.Second,
			"bases 37/500 · agents 30/500 · 7 in progress · slowest: a 30s, b 30s, c 30s, d 30s, e 30s, 2 more"},
		"tells units that wait for another image from those that work": {making(30, func(p *progress) {
			under("a", "b")(p)
			p.wait(now, "a")
		}), 0, 0, time.Minute, "bases 37/500 · agents 30/500 · 1 in progress · 1 waiting for another image · slowest: b 1m0s"},
		"does not count a wait as age": {making(30, func(p *progress) {
			under("a")(p)
			p.wait(now.Add(10*time.Second), "a")
			p.resume(now.Add(time.Minute), "a")
		}), 0, 0, 90 * time.Second, "bases 37/500 · agents 30/500 · 1 in progress · slowest: a 40s"},
		"says what was moved":          {making(30, nil), 41_300_000_000, 118e9, 0, "bases 37/500 · agents 30/500 · 0 in progress · 41 GB of 118"},
		"in small units if it is less": {making(30, nil), 1_500_000, 118e6, 0, "bases 37/500 · agents 30/500 · 0 in progress · 1.5 MB of 118"},
		"names a phase without images": {func() *progress {
			p := new(progress)
			p.start(now, "making the builder")
			p.begin(now, "builder")
			return p
		}(), 0, 0, 45 * time.Second, "making the builder · 1 in progress · slowest: builder 45s"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, test.progress.line(now.Add(test.after), test.moved, test.total))
		})
	}
}

// TestTheTimeLeft comes from the images that ended lately or from the bytes, whichever is later. If
// one of them is not known, a line has none.
func TestTheTimeLeft(t *testing.T) {
	began := clocktest.New().Now()
	// made is a phase of 100 images, of which some ended, one each so often.
	made := func(images int, each time.Duration) (*progress, time.Time) {
		p, now := new(progress), began
		p.start(began, "", bar{barAgents, 0, 100})
		for range images {
			now = now.Add(each)
			p.done(now, barAgents)
		}
		return p, now
	}
	left := func(line string) string {
		for _, part := range strings.Split(line, " · ") {
			if strings.HasSuffix(part, " left") {
				return part
			}
		}
		return ""
	}
	t.Run("of images", func(t *testing.T) {
		for name, test := range map[string]struct {
			images int
			each   time.Duration
			want   string
		}{
			"is unknown after a few":                {4, time.Minute, ""},
			"is unknown after a moment":             {50, time.Millisecond, ""},
			"is that of the rest at the same speed": {20, 15 * time.Second, "about 20 min left"},
			"is rounded up":                         {50, 5 * time.Second, "about 5 min left"},
			"has no minutes near the end":           {95, 5 * time.Second, "less than a minute left"},
			"may be hours":                          {5, 2 * time.Minute, "about 3 h 10 min left"},
			"is left out when nothing is left":      {100, time.Second, ""},
		} {
			t.Run(name, func(t *testing.T) {
				p, now := made(test.images, test.each)
				assert.Equal(t, test.want, left(p.line(now, 0, 0)))
			})
		}
	})
	t.Run("forgets how long the first images took", func(t *testing.T) {
		p, now := made(10, time.Hour)
		for range 60 {
			now = now.Add(10 * time.Second)
			p.done(now, barAgents)
		}
		assert.Equal(t, "about 5 min left", left(p.line(now, 0, 0)), "30 images, 6 a minute")
	})
	t.Run("grows while nothing ends, until it is unknown", func(t *testing.T) {
		p, now := made(50, 6*time.Second)
		assert.Equal(t, "about 5 min left", left(p.line(now, 0, 0)))
		assert.Equal(t, "about 10 min left", left(p.line(now.Add(5*time.Minute), 0, 0)))
		assert.Empty(t, left(p.line(now.Add(time.Hour), 0, 0)))
	})
	t.Run("counts a failed image as none that is left", func(t *testing.T) {
		p, now := made(20, 15*time.Second)
		for range 40 {
			p.fail(now)
		}
		assert.Equal(t, "about 4 min left", left(p.line(now, 0, 0)), "40 images, 12 a minute")
	})
	t.Run("of bytes", func(t *testing.T) {
		const gb = 1e9
		for name, test := range map[string]struct {
			moved []int64 // one a minute
			total int64
			want  string
		}{
			"needs two lines for a speed":        {[]int64{5 * gb}, 100 * gb, "5.0 GB of 100"},
			"at the speed of the last minutes":   {[]int64{0, 60 * gb, 66 * gb, 72 * gb}, 108 * gb, "72 GB of 108 at 100 MB/s|about 6 min left"},
			"is unknown if they stand still":     {[]int64{9 * gb, 9 * gb}, 100 * gb, "9.0 GB of 100 at 0 MB/s"},
			"is less than that of the images":    {[]int64{0, 60 * gb}, 61 * gb, "60 GB of 61 at 1000 MB/s|about 5 min left"},
			"is that of the images at their end": {[]int64{60 * gb, 60 * gb}, 60 * gb, "60 GB of 60 at 0 MB/s|about 5 min left"},
		} {
			t.Run(name, func(t *testing.T) {
				p, now := made(50, 6*time.Second)
				var line string
				for i, bytes := range test.moved {
					line = p.line(now.Add(time.Duration(i+1-len(test.moved))*time.Minute), bytes, test.total)
				}
				_, line, _ = strings.Cut(line, "0 in progress · ")
				assert.Equal(t, strings.ReplaceAll(test.want, "|", " · "), line)
			})
		}
	})
}

// TestLinesBecomeRarer: the fake clock advances by a second at a time.
func TestLinesBecomeRarer(t *testing.T) {
	clock, lines := clocktest.New(), new(told)
	registry := withBuilder(nil)
	var at []int
	registry.onPublish = func(_ context.Context, image plan.Image) error {
		if image.Phase != plan.PhaseBase {
			return nil
		}
		for second := 1; second <= 20*60; second++ {
			before := len(lines.lines)
			clock.Advance(time.Second)
			if len(lines.lines) > before {
				at = append(at, second)
			}
		}
		return nil
	}
	runner := Runner{Publisher: registry, Registry: registry, Report: lines.report, clock: clock}
	_, err := runner.Run(context.Background(), planOf(1))
	require.NoError(t, err)
	var want []int
	for second := 5; second <= 60; second += 5 {
		want = append(want, second)
	}
	for second := 75; second <= 600; second += 15 {
		want = append(want, second)
	}
	for second := 660; second <= 1200; second += 60 {
		want = append(want, second)
	}
	assert.Equal(t, want, at)
	assert.Len(t, lines.lines, len(want)+3, "and one each for what is checked, what is to be made, and what was made")

	before := len(lines.lines)
	clock.Advance(time.Hour)
	assert.Len(t, lines.lines, before, "none comes after the end")
}

// TestARunTellsWhatItDoes from its begin to its end.
func TestARunTellsWhatItDoes(t *testing.T) {
	// run makes three images, of which the registry has the first and refuses the last. A minute
	// passes in each base.
	run := func(t *testing.T, change func(*Runner)) []string {
		clock, lines, registry := clocktest.New(), new(told), withBuilder(nil)
		registry.has["r/agent:i0"] = plan.Found{Digest: "sha256:0"}
		registry.onPublish = func(_ context.Context, image plan.Image) error {
			if image.Phase == plan.PhaseBase {
				clock.Advance(time.Minute)
			}
			if image.Reference == "r/agent:i2" {
				return fmt.Errorf("invalid reference format")
			}
			return nil
		}
		runner := Runner{
			Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1, Report: lines.report, Timeout: clocktest.Ages, clock: clock,
		}
		if change != nil {
			change(&runner)
		}
		_, err := runner.Run(context.Background(), planOf(3))
		require.NoError(t, err)
		return lines.lines
	}
	t.Run("with what is there", func(t *testing.T) {
		assert.Equal(t, []string{
			"checking which of 3 agent images the registry has",
			"the registry has 1 of 3 agent images · 2 to make",
			"bases 0/2 · agents 0/2 · 1 in progress · slowest: base i1 1m0s",
			"bases 1/2 · agents 1/2 · 1 in progress · slowest: base i2 1m0s",
			"made 1 of 2 agent images (1 failed) in 2m0s",
		}, run(t, nil))
	})
	t.Run("with what it moves", func(t *testing.T) {
		moved := int64(0)
		lines := run(t, func(r *Runner) {
			r.Traffic = func() (int64, int64) { moved += 600e6; return moved, 118e9 }
		})
		assert.Equal(t, "bases 0/2 · agents 0/2 · 1 in progress · 1.2 GB of 118 at 10 MB/s · slowest: base i1 1m0s", lines[2])
	})
	t.Run("without a registry", func(t *testing.T) {
		lines := run(t, func(r *Runner) { r.Registry = nil })
		assert.Equal(t, "making all 3 agent images, whether or not a registry has them", lines[0])
		assert.Equal(t, "made 2 of 3 agent images (1 failed) in 3m0s", lines[len(lines)-1])
	})
	t.Run("by force", func(t *testing.T) {
		lines := run(t, func(r *Runner) { r.Force = true })
		assert.Equal(t, "making all 3 agent images, whether or not a registry has them", lines[0])
	})
	t.Run("if all is there", func(t *testing.T) {
		lines, registry := new(told), withBuilder(nil)
		registry.has["r/agent:i0"] = plan.Found{Digest: "sha256:0"}
		_, err := Runner{Publisher: registry, Registry: registry, Report: lines.report}.Run(context.Background(), planOf(1))
		require.NoError(t, err)
		assert.Equal(t, []string{"checking which of 1 agent images the registry has", "the registry has 1 of 1 agent images · 0 to make"}, lines.lines)
	})
	t.Run("if nothing of an end is known, when it ends early", func(t *testing.T) {
		lines, registry := new(told), withBuilder(nil)
		ctx, cancel := context.WithCancel(context.Background())
		registry.onPublish = func(context.Context, plan.Image) error { cancel(); return ctx.Err() }
		runner := Runner{Publisher: registry, Registry: registry, Hosts: &throttle.Hosts{Retry: quick}, MaxWorkers: 1, Report: lines.report}
		result, err := runner.Run(ctx, planOf(4))
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 4, result.Count(manifest.StatusFailed))
		assert.Equal(t, "made 0 of 4 agent images (4 failed) in 0s", lines.last())
	})
}

// TestProgressTellsWhoWaits: one image runs the recipe, and another waits for its layers.
func TestProgressTellsWhoWaits(t *testing.T) {
	clock, lines, registry := clocktest.New(), new(told), withBuilder(nil)
	var built, rebased string
	registry.onPublish = func(_ context.Context, image plan.Image) error {
		switch {
		case image.Phase != plan.PhaseBase:
		case image.Rebase != nil:
			clock.Advance(time.Minute)
			rebased = lines.last()
		default:
			for !strings.Contains(built, "waiting") { // Until the other image has come that far.
				clock.Advance(time.Minute)
				built = lines.last()
			}
		}
		return nil
	}
	runner := Runner{
		Publisher: registry, Registry: registry, Sharing: sharingBy{"official/i0": "a", "official/i1": "a"}, MaxWorkers: 2,
		Hosts: &throttle.Hosts{Retry: quick}, Report: lines.report, Timeout: clocktest.Ages, clock: clock,
	}
	_, err := runner.Run(context.Background(), planOf(2))
	require.NoError(t, err)
	assert.Regexp(t, `^bases 0/2 · agents 0/2 · 1 in progress · 1 waiting for another image · slowest: base i\d \S+$`, built)
	assert.Regexp(t, `^bases [01]/2 · agents [01]/2 · [12] in progress · slowest: .*\bbase i\d `, rebased, "its wait is over")
}

// passing lets time pass while it is asked for one reference, and then does not answer.
type passing struct {
	*fakeRegistry
	reference string
	clock     *clocktest.Fake
	lines     *told
	line      string
}

func (p *passing) Find(ctx context.Context, reference string) (plan.Found, error) {
	if reference == p.reference {
		p.clock.Advance(50 * time.Second)
		p.line = p.lines.last()
		outlast(ctx, p.clock)
		return plan.Found{}, ctx.Err()
	}
	return p.fakeRegistry.Find(ctx, reference)
}

// TestProgressSaysWhatIsChecked also before anything is made, and where nothing is.
func TestProgressSaysWhatIsChecked(t *testing.T) {
	run := func(r Runner) error {
		_, err := r.Run(context.Background(), planOf(1))
		return err
	}
	for name, test := range map[string]struct {
		reference, line, end string
		do                   func(Runner) error
	}{
		"in a run":          {"r/agent:i0", "checked 0/1 · 1 in progress · slowest: check i0 50s", "the registry has 0 of 1 agent images · 0 to make · 1 failed", run},
		"about the builder": {"r/builder:b", "checked 0/1 · 1 in progress · slowest: check builder 50s", "", run},
		"in a check": {"r/agent:i0", "checked 0/1 · 1 in progress · slowest: check i0 50s", "checked 0 of 1 agent images (1 failed) in 34m10s", func(r Runner) error {
			_, err := r.Missing(context.Background(), planOf(1))
			return err
		}},
		"of official images": {"official/i0", "official images 0/1 · 1 in progress · slowest: pin i0 50s", "", func(r Runner) error {
			_, err := r.Pin(context.Background(), planOf(1))
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			clock, lines := clocktest.New(), new(told)
			registry := &passing{fakeRegistry: &fakeRegistry{}, reference: test.reference, clock: clock, lines: lines}
			_ = test.do(Runner{
				Publisher: registry, Registry: registry, Official: registry, Hosts: &throttle.Hosts{Retry: quick}, Report: lines.report, clock: clock,
			})
			assert.Equal(t, test.line, registry.line)
			if test.end != "" {
				assert.Equal(t, test.end, lines.last())
			}
		})
	}
}
