# shellcheck shell=bash
# The group docker, whose members may use Docker's socket. Source this file.
#
# A session keeps the groups that it started with. sg(1) gives new members the group, for one
# command at a time.

# joined_docker_group tells whether this user is a member, even a new one.
joined_docker_group() { [[ " $(id -nG "$(id -un)" 2>/dev/null) " == *" docker "* ]]; }

# in_docker_group tells whether this session has the group.
in_docker_group() { [[ " $(id -nG 2>/dev/null) " == *" docker "* ]]; }

# sh_words ARG... quotes the arguments for any POSIX shell; bash's %q is for bash only.
sh_words() {
	local word
	for word in "$@"; do printf "'%s' " "${word//\'/\'\\\'\'}"; done
}

# enter_docker_group COMMAND... replaces this process with the command in the group docker. It
# returns without effect if that is unnecessary: for root, with a Docker daemon elsewhere, and in a
# session that has the group or cannot get it.
enter_docker_group() {
	[ "$EUID" != 0 ] && [ -z "${DOCKER_HOST:-}" ] || return 0
	if ! in_docker_group && joined_docker_group && command -v sg >/dev/null; then # Without sg, access.sh says what to do.
		exec sg docker -c "exec $(sh_words "$@")"
	fi
}
