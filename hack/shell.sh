#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# The shell of the Makefile's recipes: bash, in the group docker if this user has joined it since
# logging in.
set -euo pipefail
. "$(dirname "$0")/engine/group.sh"

enter_docker_group bash "$@"
exec bash "$@"
