// Package usage holds what users copy and see: the help, the documents' calls, the example, the
// workflow, the terminal, and make for whoever has no rights or no engine.
package usage

import (
	"testing"

	"dagger/eval-images/e2e/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
