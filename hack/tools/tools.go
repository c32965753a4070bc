//go:build tools

// Package tools names the checkers that `make lint` compiles, so that go.mod and go.sum pin them.
// It has its own module, because they may ask for a newer Go than the engine has.
package tools

import (
	_ "github.com/rhysd/actionlint/cmd/actionlint"
	_ "golang.org/x/vuln/cmd/govulncheck"
	_ "gotest.tools/gotestsum"
)
