# shellcheck shell=bash
# The group docker, whose members may use Docker's socket. Meant to be sourced.
#
# A session keeps the groups that it began with. Who has become a member since gets them from sg(1), for one
# command at a time.

# joined_docker_group tells whether this user is a member, be it since a moment ago.
joined_docker_group() { [[ " $(id -nG "$(id -un)" 2>/dev/null) " == *" docker "* ]]; }

# in_docker_group tells whether this session is one of a member.
in_docker_group() { [[ " $(id -nG 2>/dev/null) " == *" docker "* ]]; }

# sh_words ARG... prints the arguments as words of any POSIX shell; the %q of bash would be for bash only.
sh_words() {
	local word
	for word in "$@"; do printf "'%s' " "${word//\'/\'\\\'\'}"; done
}

# enter_docker_group COMMAND... goes on as the command in the group docker, in the place of this process. It
# returns, and does nothing, where there is no need: for root, with another daemon than this machine's, and in
# a session that is in the group or cannot be.
enter_docker_group() {
	[ "$EUID" != 0 ] && [ -z "${DOCKER_HOST:-}" ] || return 0
	if ! in_docker_group && joined_docker_group && command -v sg >/dev/null; then # access.sh says what to do without it.
		exec sg docker -c "exec $(sh_words "$@")"
	fi
}
