// Package auth holds how registries are asked that do not take everybody, or that have rules of their
// own, and that no password or token is anywhere.
package auth

import (
	"testing"

	"dagger/eval-images/e2e/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
