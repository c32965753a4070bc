#!/usr/bin/env bash
# Every check of the code that runs nothing of it.
set -euo pipefail
cd "$(dirname "$0")/.."
. hack/lib.sh

# tool NAME PACKAGE compiles a checker at the version that hack/tools pins.
tool() {
	go -C hack/tools build -o "$PWD/bin/$1" "$2"
}

formatted() {
	local files
	files=$(git ls-files -z '*.go' | xargs -0 gofmt -l)
	[ -z "$files" ] || { printf 'gofmt would change:\n%s\n' "$files" >&2; return 1; }
}

# Generated code under internal/ is the engine's.
go_packages() { go list ./... | grep -v '^dagger/eval-images/internal/'; }

# The tag's tests are behind a make target of their own.
vet() { go_packages | xargs go vet -tags crash; }

static() { go_packages | xargs bin/staticcheck -tags crash; }

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

# The modules beside the root, each with the code that it has; what they pin is not ours to check.
nested() {
	go -C hack/engine vet ./sdkimage
	go -C hack/registry vet .
	go -C bench vet ./...
}

step "go.mod" language
step "compiling staticcheck" tool staticcheck honnef.co/go/tools/cmd/staticcheck
step "compiling actionlint" tool actionlint github.com/rhysd/actionlint/cmd/actionlint
step gofmt formatted
step "go vet" vet
step "go vet in hack" nested
step staticcheck static
step shellcheck shell
step actionlint workflows
step "package boundaries" boundaries
