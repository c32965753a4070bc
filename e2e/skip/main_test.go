// Package skip holds what a run takes as present: an image whose labels, wrap and signature are those
// of the plan, as the registry has it now, and no other.
package skip

import (
	"testing"

	"dagger/eval-images/e2e/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
