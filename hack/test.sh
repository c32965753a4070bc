#!/usr/bin/env bash
# Runs `go test` in the current directory, and keeps its events for hack/slowest: test.sh NAME ARGUMENTS OF go test...
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
name=$1
shift
go -C "$root/hack/tools" build -o "$root/bin/gotestsum" gotest.tools/gotestsum
mkdir -p "$root/out/tests"
# The lines of `go test`, and at the end, once more, all of what failed.
exec "$root/bin/gotestsum" --format standard-quiet --hide-summary skipped --jsonfile "$root/out/tests/$name.jsonl" -- "$@"
