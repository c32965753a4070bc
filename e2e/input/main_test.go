// Package input holds what flags and datasets mean, and that bad and hostile ones are one clear error
// before anything is built.
package input

import (
	"testing"

	"dagger/eval-images/e2e/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
