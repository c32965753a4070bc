#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Makes sure that a Docker daemon answers.
set -euo pipefail
cd "$(dirname "$0")"
. ./lib.sh

DOCKERD_LOG=/var/log/dockerd.log

# After a power loss, the PID files of the daemons remain. By now the id may belong to another
# process; dockerd would take that for a running daemon and give up.
drop_stale_pid_files() {
	local name file
	for name in dockerd containerd; do
		file=/var/run/docker.pid
		[ $name = dockerd ] || file=/var/run/docker/containerd/containerd.pid
		[ -e "$file" ] || continue
		[ "$(cat "/proc/$(cat "$file")/comm" 2>/dev/null)" = $name ] || rm -f "$file"
	done
}

start_daemon() {
	if [ -d /run/systemd/system ]; then
		as_root systemctl start docker
		return
	fi
	# There is no service manager: setsid outlives this script and its terminal.
	as_root bash -euc "$(declare -f drop_stale_pid_files)
		drop_stale_pid_files
		setsid dockerd >>$DOCKERD_LOG 2>&1 </dev/null &"
}

wait_for_daemon() {
	local attempt
	for attempt in {1..60}; do
		docker_answers && return
		sleep 0.5
	done
	log "no answer after $((attempt / 2)) s; see the daemon's log, $DOCKERD_LOG"
	return 1
}

has docker && docker_answers && exit 0

[ -z "${DOCKER_HOST:-}" ] || die "no Docker daemon answers at DOCKER_HOST=$DOCKER_HOST"
# access.sh has done this where it could. A second daemon must not run beside one that this user may
# not use.
answer=$(docker info 2>&1) || ! grep -qi 'permission denied' <<<"$answer" || die "Docker runs, but this user may not use it"
has dockerd || apt_install docker.io
# On newer Debian the command is in a separate package.
has docker || apt_install docker-cli
can_be_root || die "Docker is installed but does not run: start it, or allow this user sudo"
step "starting the Docker daemon" start_daemon
wait_for_daemon || die "the Docker daemon does not answer: $(docker info 2>&1 | tail -n 1)"
