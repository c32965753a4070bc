//go:build crash

package crash

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/e2e/internal/harness"
)

// TestCrash is what happens to a run when the engine is lost, or a disk is full, and to two runs at a
// time. All of it has one engine of its own, one test after the other.
func TestCrash(t *testing.T) {
	e := startOwnEngine(t)
	t.Run("the engine is killed", func(t *testing.T) {
		for _, publisher := range []string{"direct", "engine"} {
			t.Run(publisher, func(t *testing.T) { killEngine(t, e, publisher) })
		}
	})
	t.Run("beside another engine", func(t *testing.T) { twoEngines(t) })
	t.Run("the engine's disk is full", func(t *testing.T) {
		t.Run("of official images", func(t *testing.T) { fillByImages(t, e) })
		t.Run("of what a command writes", func(t *testing.T) { fillByCommand(t, e) })
	})
	t.Run("the registry's disk is full", func(t *testing.T) { fillRegistry(t, e) })
}

// killEngine kills the engine in the stalled of a run: the call ends by itself and says so, and a
// second one does the rest.
func killEngine(t *testing.T, e ownEngine, publisher string) {
	const workers = 3
	f, proxy := e.fleet(t, 20)
	stalled := harness.StallTags(proxy, workers, harness.Tasks(9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)...)

	running := harness.StartModule(t, f.Publishing(publisher, workers)...)
	stalled.Await(t, running)
	e.kill(t)
	killed := time.Now()
	ended := running.Wait(t)
	assert.Less(t, time.Since(killed), harness.Noticed, "the call hangs")
	assert.Contains(t, ended.Message(t), `Post "http://dagger/query": `, "the CLI's own words, as no module runs any more")

	left := f.Published(t)
	f.AssertStalled(t, stalled)
	proxy.Script()
	f.DoesTheRest(t, publisher, left)
}
