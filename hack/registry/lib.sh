# shellcheck shell=bash source-path=SCRIPTDIR
# Functions shared by the scripts of this directory. Source this file from within the directory.

. ../engine/lib.sh

# Name of the container, the image and the volume.
# shellcheck disable=SC2034 # used where this is sourced
REGISTRY=eval-images-registry

log() { echo "registry: $*" >&2; }

# engine_container prints the name of the running container of the dagger command's version, or of
# the only engine.
engine_container() {
	local names version
	names=$(docker ps --filter 'name=^dagger-engine-' --format '{{.Names}}')
	version=$(dagger version 2>/dev/null | sed -n 's/^dagger \(v[0-9][^ ]*\).*/\1/p') || true
	if grep -qxF "dagger-engine-$version" <<<"$names"; then
		echo "dagger-engine-$version"
	elif [ "$(grep -c . <<<"$names")" = 1 ]; then
		echo "$names"
	else
		die "no engine runs for dagger ${version:-, which is not installed}: run hack/engine/up.sh first"
	fi
}
