//go:build tools

// Package tools names golangci-lint, so that go.mod and go.sum pin it. It has its own module: its
// linters would decide the versions of the other checkers.
package tools

import _ "github.com/golangci/golangci-lint/v2/cmd/golangci-lint"
