package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAKilledCall: the machine with the CLI is lost, and cannot tell anybody. The engine notices by
// itself, and what it did for the call ends; a second run does the rest.
func TestAKilledCall(t *testing.T) {
	eachPublisher(t, func(t *testing.T, publisher string, _ int) {
		const workers = 3
		f, proxy := faultyFleet(t, 12)
		middle := hold(proxy, workers, tasks(5, 6, 7, 8, 9, 10, 11, 12)...)

		running := startModule(t, f.publishing(publisher, workers)...)
		middle.await(t, running)
		begun := len(f.bases(t))
		require.NoError(t, running.command.Process.Kill())
		assert.NotZero(t, running.wait(t).exit)

		middle.awaitEnd(t)
		assert.Never(t, func() bool { return len(f.bases(t)) > begun }, time.Second, 200*time.Millisecond, "an image is begun afterwards")
		assert.Equal(t, workers, proxy.Count(http.MethodPut, manifestOf("task-(005|006|007|008|009|010|011|012)")))

		left := f.published(t)
		f.assertInMiddle(t, publisher, proxy, left)
		proxy.Script()
		f.doesTheRest(t, publisher, left)
	})
}
