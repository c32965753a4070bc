#!/usr/bin/env bash
# Looks for known vulnerabilities in the dependencies that this code calls, with govulncheck. Exit status: 0 none, 3 some (govulncheck's
# own), 69 not checked, because the database cannot be reached; 69 is "service unavailable" in sysexits.h. Every other: it did not work.
#
# hack/engine is left out: it is Dagger itself at the version that the module is made for, and only where that cannot be pulled.
set -euo pipefail
cd "$(dirname "$0")/.."
. hack/lib.sh

UNAVAILABLE=69
DATABASE=${GOVULNDB:-https://vuln.go.dev}

reachable() {
	case $DATABASE in
	file://*) [ -r "${DATABASE#file://}/index/db.json" ] ;;
	*) curl -sSf --max-time 20 -o /dev/null "$DATABASE/index/db.json" ;;
	esac
}

# scan DIR PACKAGE... prints what it finds; the worst of all scans is the script's end.
worst=0
scan() {
	local status=0 dir=$1
	shift
	echo "==> $dir: $*"
	bin/govulncheck -db "$DATABASE" -C "$dir" "$@" || status=$?
	[ $status -le $worst ] || worst=$status
}

if ! why=$(reachable 2>&1); then
	echo "not checked: the database of vulnerabilities, $DATABASE, cannot be reached. $why" >&2
	exit $UNAVAILABLE
fi
step "compiling govulncheck" go -C hack/tools build -o "$PWD/bin/govulncheck" golang.org/x/vuln/cmd/govulncheck
scan . ./...
scan bench ./...
scan hack/registry ./...
exit $worst
