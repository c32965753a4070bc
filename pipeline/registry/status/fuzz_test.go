package status

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"dagger/eval-images/pipeline/classify"
	"dagger/eval-images/pipeline/registry/registrytest"
	"dagger/eval-images/redact"
)

// The seeds of all targets are files in testdata/fuzz, named by what they are.

// FuzzReasonAndWait: whatever a registry answers, what stands in the error is one short line for a
// terminal, and the wait is one that can be waited.
func FuzzReasonAndWait(f *testing.F) {
	f.Fuzz(func(t *testing.T, header, body string) {
		for _, text := range []string{reasonIn([]byte(body)), redact.Line(body)} {
			registrytest.RequireLine(t, text, redact.MaxLine)
		}
		if wait := waitIn(header, body); wait < 0 || wait > maxWait {
			t.Errorf("waits %s", wait)
		}
	})
}

// FuzzStatus: any status has a cause, and no answer makes a run end that another attempt could
// save, or go on that none can.
func FuzzStatus(f *testing.F) {
	f.Fuzz(func(t *testing.T, status int, header, body string) {
		said := http.Header{}
		for _, name := range []string{"Retry-After", "RateLimit-Reset", "RateLimit", "RateLimit-Limit"} {
			said.Set(name, header)
		}
		err := New(http.MethodGet, redact.Line(body), status, said, []byte(body))
		registrytest.RequireLine(t, err.Error(), 3*redact.MaxLine)
		cause := err.Cause()
		switch {
		case err.Spent:
			assert.Equal(t, classify.Spent, cause.Class)
			assert.True(t, cause.Again >= 0 && cause.Again <= maxQuota, cause.Again)
			assert.True(t, cause.Window > 0 && cause.Window <= maxQuota, cause.Window)
		case err.Limited:
			assert.Equal(t, classify.Limited, cause.Class)
		case status == http.StatusUnauthorized, status == http.StatusForbidden:
			assert.Equal(t, classify.Permanent, cause.Class)
			assert.NotEmpty(t, cause.Advice)
		case status >= 500:
			assert.Equal(t, classify.Unavailable, cause.Class)
		}
		assert.True(t, cause.Wait >= 0 && cause.Wait <= maxWait, cause.Wait)
	})
}
