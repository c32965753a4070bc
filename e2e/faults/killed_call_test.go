package faults

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/e2e/internal/harness"
)

// TestAKilledCall: the machine with the CLI is lost, and cannot tell anybody. The engine notices by
// itself, and what it did for the call ends; a second run does the rest.
func TestAKilledCall(t *testing.T) {
	harness.EachPublisher(t, func(t *testing.T, publisher string) {
		const workers = 3
		f, proxy := harness.FaultyFleet(t, 12)
		stalled := harness.StallTags(proxy, workers, harness.Tasks(5, 6, 7, 8, 9, 10, 11, 12)...)

		running := harness.StartModule(t, f.Publishing(publisher, workers)...)
		stalled.Await(t, running)
		begun := len(f.Bases(t))
		running.Signal(t, os.Kill)
		assert.NotZero(t, running.Wait(t).Exit)

		stalled.AwaitEnd(t)
		assert.Never(t, func() bool { return len(f.Bases(t)) > begun }, time.Second, 200*time.Millisecond, "an image is begun afterwards")
		assert.Equal(t, workers, proxy.Count(http.MethodPut, harness.ManifestOf("task-(005|006|007|008|009|010|011|012)")))

		left := f.Published(t)
		f.AssertStalled(t, stalled)
		proxy.Script()
		f.DoesTheRest(t, publisher, left)
	})
}
