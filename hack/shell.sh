#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# The shell that the Makefile runs its recipes with: bash, in the group docker where this user has joined it
# since logging in.
set -euo pipefail
. "$(dirname "$0")/engine/group.sh"

enter_docker_group bash "$@"
exec bash "$@"
