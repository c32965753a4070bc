#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Makes sure that `dagger call` works on this machine.
#
# If it already works, this script does nothing. With Docker and the internet it pulls the engine's
# image. With only the Go module proxy and Debian's packages it compiles everything, which takes
# some minutes once.
set -euo pipefail
cd "$(dirname "$0")"
. ./lib.sh
. ./group.sh
. ./runc.sh

INSTALL_DIR=/usr/local/bin

# cli_version prints the version of the dagger command, such as v0.17.2.
cli_version() { dagger version 2>/dev/null | sed -n 's/^dagger \(v[0-9][^ ]*\).*/\1/p'; }

# cli_is_old tells whether the dagger command is older than this module needs.
cli_is_old() {
	[ "$(printf '%s\n' "$DAGGER_VERSION" "$(cli_version)" | sort -V | head -n 1)" != "$DAGGER_VERSION" ]
}

# answers sends the engine a query through the command, as any call does. It runs in the root
# directory, where no Dagger module is loaded.
answers() { (cd / && echo '{version}' | DAGGER_NO_NAG=1 timeout 600 dagger -s query) 2>&1; }

# image_fits tells whether the image exists and matches the recipe in this directory. A pulled image
# has no recipe, and matches.
image_fits() {
	local label
	label=$(docker image inspect -f '{{index .Config.Labels "eval-images.recipe"}}' "$ENGINE_IMAGE" 2>/dev/null) || return 1
	[ -z "$label" ] || [ "$label" = "$(recipe)" ]
}

# can_pull tells whether the registry of the engine's image can be reached. It asks first, because a
# pull takes long to fail, while a slow pull must not be interrupted.
can_pull() {
	local status
	has curl || return 0
	status=$(curl -sL -o /dev/null -w '%{http_code}' --max-time 20 "https://${ENGINE_IMAGE%%/*}/v2/") || return 1
	case $status in 403 | 407 | 5??) return 1 ;; esac
}

# pull may fail: then the image is built.
pull() {
	log "pulling $ENGINE_IMAGE ..."
	docker pull -q "$ENGINE_IMAGE" >/dev/null || {
		log "the image cannot be pulled here; building it"
		return 1
	}
}

# build_all compiles the commands and builds the image with them. Its two independent halves run in
# parallel: one waits for the processor, the other for the network.
build_all() {
	./build.sh all "$WORK" &
	local compiling=$!
	./docker.sh
	./image.sh base
	wait $compiling
	./image.sh engine "$WORK"
}

install_cli() {
	log "installing $INSTALL_DIR/dagger"
	if [ -w "$INSTALL_DIR" ]; then
		install "$WORK/bin/dagger" "$INSTALL_DIR/"
	else
		can_be_root || die "$INSTALL_DIR is not writable, and this user may not use sudo: install dagger $DAGGER_VERSION"
		as_root install "$WORK/bin/dagger" "$INSTALL_DIR/"
	fi
	hash -r
	has dagger || die "dagger was installed to $INSTALL_DIR, which is not on PATH"
}

# is_ours tells whether the dagger command uses this version of the engine; a newer one brings its
# own.
is_ours() { ! has dagger || [ "$(cli_version)" = "$DAGGER_VERSION" ]; }

is_up() {
	has dagger && docker_answers || return 1
	if is_ours; then
		image_fits && engine_is_current || return 1
	fi
	answers >/dev/null
}

clean_up() {
	local job
	for job in $(jobs -p); do kill "$job" 2>/dev/null || true; done
	rm -rf "$WORK"
}

has go || die "Go is missing: install it (https://go.dev/dl)"
if has dagger && cli_is_old; then
	die "$(command -v dagger) is $(cli_version), older than $DAGGER_VERSION: upgrade it"
fi
./access.sh
enter_docker_group "$PWD/${0##*/}"
if is_up; then
	log "dagger $(cli_version) and its engine answer"
	report_runc "dagger-engine-$(cli_version)"
	exit 0
fi

WORK=$CACHE/work
rm -rf "$WORK"
mkdir "$WORK"
trap clean_up EXIT

if is_ours; then
	# If Docker is only stopped, the image may exist.
	if has dockerd; then ./docker.sh; fi
	if docker_answers && image_fits; then
		:
	elif can_pull && ./docker.sh && pull; then
		:
	else
		build_all
	fi
	if ! has dagger; then
		[ -e "$WORK/bin/dagger" ] || ./build.sh cli "$WORK"
		install_cli
	fi
	./start.sh
else
	./docker.sh
fi
answer=$(answers) || die "the engine does not answer: $(tail -n 1 <<<"$answer") (see docker logs $ENGINE_CONTAINER)"
log "dagger $(cli_version) and its engine answer after $SECONDS s"
report_runc "dagger-engine-$(cli_version)"
