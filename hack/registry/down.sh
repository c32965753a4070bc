#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
# Removes the local registry and everything published to it.
set -euo pipefail
cd "$(dirname "$0")"
. ./lib.sh

# Without Docker, there is nothing to remove.
docker_answers || exit 0
docker rm -fv "$REGISTRY" >/dev/null 2>&1 || true
docker volume rm -f "$REGISTRY" >/dev/null
rm -f ../../out/registry
