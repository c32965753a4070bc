//go:build tools

// Package tools names golangci-lint, so that go.mod and go.sum pin it. It has a module
// of its own: its linters would decide which versions the other checkers get.
package tools

import _ "github.com/golangci/golangci-lint/v2/cmd/golangci-lint"
