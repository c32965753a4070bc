#!/usr/bin/env bash
# Generates the module's Dagger code. It also changes go.mod and go.sum into the form that the
# engine wants: commit such a change.
set -euo pipefail
cd "$(dirname "$0")/.."
. hack/lib.sh

step "dagger develop" dagger develop --silent
