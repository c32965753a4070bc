// Package publish holds that what a run makes is what it should be: images of one layer more, the
// same by either publisher, for few requests, and a manifest that says what the registry has.
package publish

import (
	"testing"

	"dagger/eval-images/e2e/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
