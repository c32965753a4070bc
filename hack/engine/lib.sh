# shellcheck shell=bash
# Functions shared by the scripts of this directory. Source this file from within the directory.

DAGGER_VERSION=v0.17.2
ENGINE_IMAGE=registry.dagger.io/engine:$DAGGER_VERSION
# The name under which the dagger command looks for its engine.
ENGINE_CONTAINER=dagger-engine-$DAGGER_VERSION

# Outside the clone, so that it outlives the clone.
CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/eval-images
mkdir -p "$CACHE"

# Standard output is for results; messages go to stderr.
log() { echo "engine: $*" >&2; }

die() {
	log "error: $*"
	exit 1
}

# step TITLE COMMAND... runs a slow command, and prints its title and how long it took. It shows the
# command's output only if the command fails.
step() {
	local title=$1 start=$SECONDS output
	shift
	output=$(mktemp)
	log "$title ..."
	# Run in the background, because bash ignores failures in a function that is called as a
	# condition.
	"$@" >"$output" 2>&1 &
	if ! wait $!; then
		tail -n 30 "$output" >&2
		rm -f "$output"
		die "$title failed after $((SECONDS - start)) s"
	fi
	rm -f "$output"
	log "$title: $((SECONDS - start)) s"
}

has() { command -v "$1" >/dev/null 2>&1; }

can_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# apt_install PACKAGE... installs Debian's (or Ubuntu's) packages.
apt_install() {
	has apt-get || die "missing: $*. Install it; only Debian and Ubuntu get it automatically"
	can_be_root || die "missing: $*. Run 'apt-get install $*' as root, or allow this user sudo"
	step "installing $*" as_root bash -euc 'apt-get update -qq
		DEBIAN_FRONTEND=noninteractive exec apt-get install -y -qq --no-install-recommends "$@"' apt "$@"
}

docker_answers() { docker info >/dev/null 2>&1; }

# engine_is_current tells whether a container of the current image exists, running or not.
engine_is_current() {
	local image
	image=$(docker inspect -f '{{.Image}}' "$ENGINE_CONTAINER" 2>/dev/null) || return 1
	[ "$image" = "$(docker image inspect -f '{{.Id}}' "$ENGINE_IMAGE" 2>/dev/null)" ]
}

# recipe prints a digest of all inputs of the engine's image.
recipe() {
	{
		cat go.mod go.sum distconsts/* sdkimage/* sdkwarm/* image/* build.sh debian-rootfs.sh goflags.sh image.sh
		cat /usr/local/share/ca-certificates/*.crt 2>/dev/null || true
	} | sha256sum | cut -c 1-16
}

# forget_old_images removes images that a newer one of the same name replaced.
forget_old_images() { docker image prune -f --filter label=eval-images.recipe >/dev/null 2>&1 || true; }
