#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Makes sure that the engine's container runs the current image, under the name that the dagger
# command looks for. The command could start it itself, but only privileged, which fails on a
# machine that lacks one of the capabilities.
set -euo pipefail
cd "$(dirname "$0")"
. ./lib.sh

run() {
	# A failed attempt leaves a container behind.
	docker rm -fv "$ENGINE_CONTAINER" >/dev/null 2>&1 || true
	# The engine logs every step of every build.
	docker run -d --name "$ENGINE_CONTAINER" --restart always \
		--log-driver json-file --log-opt max-size=10m \
		-v "$ENGINE_CONTAINER:/var/lib/dagger" "$@" "$ENGINE_IMAGE"
}

# All that privileged allows, except CAP_SYS_RESOURCE.
run_with_most_capabilities() {
	log "this machine does not allow privileged containers; starting the engine with all other rights"
	run --cap-add=ALL --cap-drop=SYS_RESOURCE \
		--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
		-v /sys/fs/cgroup:/sys/fs/cgroup:rw --device-cgroup-rule='a *:* rwm'
}

start() { run --privileged || run_with_most_capabilities; }

if engine_is_current; then
	docker start "$ENGINE_CONTAINER" >/dev/null 2>&1 && exit 0
	log "the engine's container does not restart; replacing it"
fi
step "starting the engine" start
forget_old_images
