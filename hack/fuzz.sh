#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME, one after another: hack/fuzz.sh PACKAGES…
#
# Failing inputs are in the testdata/fuzz of their package. Commit them with the fix: every `go
# test` then runs them.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=()
for package in $(go list "$@"); do
	listed=$(go test -list '^Fuzz' "$package")
	for target in $(grep '^Fuzz' <<<"$listed" || true); do # Not every package has one.
		echo "==> ${package#dagger/eval-images/} $target"
		go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-20s}" -fuzzminimizetime 5s || failed+=("$package $target")
	done
done
[ ${#failed[@]} = 0 ] || {
	printf 'found something: %s\n' "${failed[@]}" >&2
	exit 1
}
