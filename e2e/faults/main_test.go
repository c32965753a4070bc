// Package faults holds what a run does when a registry, an image, the engine's command or a person
// gets in its way: what passes is tried again, what stays costs its own image, and a second run does
// the rest.
package faults

import (
	"testing"

	"dagger/eval-images/e2e/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
