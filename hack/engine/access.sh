#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Makes sure that this user may use Docker, or says in one line what to do. It runs first, because
# the rest takes long. It adds a user with sudo to the group docker. Docker need not exist yet:
# docker.sh installs and starts it.
set -euo pipefail
cd "$(dirname "$0")"
. ./lib.sh
. ./group.sh

# as_member COMMAND... runs the command in the group docker.
as_member() {
	if in_docker_group; then "$@"; else sg docker -c "$(sh_words "$@")"; fi
}

# lacking prints what root has to do for this user, as one shell line.
lacking() {
	local missing=()
	has docker || missing+=("apt-get install docker.io")
	joined_docker_group || missing+=("usermod -aG docker $(id -un)")
	[ ${#missing[@]} != 0 ] || missing+=("systemctl start docker")
	local line
	line=$(printf ' && %s' "${missing[@]}")
	printf '%s' "${line# && }"
}

no_sudo() {
	die "$(id -un) may not use Docker, nor sudo without a password. Run as root: $(lacking). Or run 'sudo -v' first, if you have a password for it"
}

join_docker_group() {
	log "adding $(id -un) to the group docker: its members may do anything that root may"
	as_root groupadd --system --force docker
	as_root usermod --append --groups docker "$(id -un)"
}

if has docker && docker_answers; then exit 0; fi
[ -z "${DOCKER_HOST:-}" ] || die "no Docker daemon answers at DOCKER_HOST=$DOCKER_HOST"
[ "$EUID" != 0 ] || exit 0

if ! joined_docker_group; then
	can_be_root || no_sudo
	join_docker_group
fi
if ! in_docker_group; then
	has sg || die "$(id -un) is in the group docker, but this session is older: log in again, and repeat the command"
	log "this session is older than that: using Docker through 'sg docker'"
fi
# A member can use Docker, or has to start it.
if has docker; then
	answer=$(as_member docker info 2>&1) && exit 0
	! grep -qi 'permission denied' <<<"$answer" || die "Docker runs, but its socket is not open to the group docker: $(tail -n 1 <<<"$answer")"
fi
can_be_root || no_sudo
