// Package soak makes images in rounds while a share of the requests fails by chance, and compares the
// registry with what each run says. By default it is one short round; `make soak` has a long one.
package soak

import (
	"testing"

	"dagger/eval-images/e2e/internal/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }
