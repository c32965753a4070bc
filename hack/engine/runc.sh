# shellcheck shell=bash
# The engine's runc, under which every command of a build runs. Source this file after lib.sh.

# runc_is_fixed VERSION tells by its number whether a runc has the fixes for CVE-2025-31133,
# CVE-2025-52565 and CVE-2025-52881. Without them, a hostile image or build escapes from its
# container.
# https://github.com/opencontainers/runc/security/advisories/GHSA-9493-h29p-rfm2
runc_is_fixed() {
	local version=${1%%+*} fixed
	version=${version/-/\~} # sort puts a pre-release after its release unless a tilde precedes it
	case $version in
	1.2.*) fixed=1.2.8 ;;
	1.3.*) fixed=1.3.3 ;;
	*) fixed=1.4.0~rc.3 ;;
	esac
	[ "$(printf '%s\n' "$fixed" "$version" | sort -V | head -n 1)" = "$fixed" ]
}

# report_runc CONTAINER reports the runc of the engine in the container. It never fails: a working
# engine may be the only one available, and its images may be trusted.
report_runc() {
	local answer version
	answer=$(docker exec "$1" runc --version 2>&1) || true
	version=$(sed -n 's/^runc version \([0-9][0-9A-Za-z.+~-]*\)$/\1/p' <<<"$answer" | head -n 1)
	if [ -z "$version" ]; then
		log "warning: the version of runc in the engine is unknown: docker exec $1 runc --version"
		return
	fi
	log "the engine's runc is $version"
	if ! runc_is_fixed "$version"; then
		log "warning: runc $version lets a hostile image or build become root on this machine (CVE-2025-31133," \
			"CVE-2025-52565, CVE-2025-52881; fixed in 1.2.8, 1.3.3 and 1.4.0-rc.3). Build only what you trust, on a" \
			"machine that runs nothing else, or use an engine with a newer runc: SECURITY.md says how"
	fi
}
