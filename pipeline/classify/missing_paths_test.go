package classify

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestABaseWithoutItsToolsIsNotTriedAgain: the engine would give the same image from its cache. A
// path may have any words in its name.
func TestABaseWithoutItsToolsIsNotTriedAgain(t *testing.T) {
	missing := &MissingPathsError{Paths: []string{"/usr/local/bin/gemini", "/opt/429 Too Many Requests"}}
	assert.EqualError(t, missing, "the recipe succeeded, but the base image lacks /usr/local/bin/gemini, /opt/429 Too Many Requests")
	assert.Equal(t, Result{Class: Permanent, Advice: AdviceMissingPaths}, Of(fmt.Errorf("building: %w", missing)))
	assert.False(t, Of(missing).Refusal(), "it says nothing about the registry")
}
