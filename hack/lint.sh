#!/usr/bin/env bash
# Every check of the code that runs nothing of it.
set -euo pipefail
cd "$(dirname "$0")/.."
. hack/lib.sh

# What it remembers has the paths of the checkout that it was found in, which the exclusions of another one do not match.
export GOLANGCI_LINT_CACHE=$PWD/bin/golangci-lint-cache

# tool DIR PACKAGE compiles a checker at the version that the module in DIR pins.
tool() {
	go -C "$1" build -o "$PWD/bin/${2##*/}" "$2"
}

# All Go code that git has, that of modules without a check of their own included.
formatted() { git ls-files -z '*.go' | xargs -0 bin/golangci-lint fmt --diff; }

# The linters are in .golangci.yml.
lint() { bin/golangci-lint run ./...; }

# The modules beside the root, each with the code that it has; what they pin is not ours to check.
nested() {
	(cd hack/engine && ../../bin/golangci-lint run ./sdkimage)
	(cd hack/registry && ../../bin/golangci-lint run .)
	(cd bench && ../bin/golangci-lint run ./...)
}

shell() {
	# shellcheck source=hack/engine/lib.sh
	command -v shellcheck >/dev/null || (cd hack/engine && . ./lib.sh && apt_install shellcheck)
	# Everything that is a shell script, whatever its name.
	git ls-files -z | xargs -0 grep -lE '^#!.*\b(ba)?sh\b|^# shellcheck shell=' | xargs shellcheck --external-sources
}

# Who may import what: the table is in the test, which also sees the check fail.
boundaries() { go test -count=1 -run '^TestPackageBoundaries' ./e2e/source; }

# The Go that the engine compiles modules with refuses a newer language than its own.
language() {
	grep -qxE 'go 1\.23(\.0)?' go.mod || { echo "go.mod asks for another Go than 1.23, which the engine's v0.17.2 has" >&2; return 1; }
}

# Those of this repository, and the one that is an example for others.
workflows() { bin/actionlint && bin/actionlint examples/github/*.yml; }

step "go.mod" language
step "compiling golangci-lint" tool hack/tools/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
step "compiling actionlint" tool hack/tools github.com/rhysd/actionlint/cmd/actionlint
step gofmt formatted
step golangci-lint lint
step "golangci-lint in bench and hack" nested
step shellcheck shell
step actionlint workflows
step "package boundaries" boundaries
