#!/usr/bin/env bash
# The main job on the embedded default: assemble-all on the sample images in the local registry, and what came of it.
set -euo pipefail
cd "$(dirname "$0")/.."
. hack/lib.sh

# The engine has its network in common with the registry, so for the engine the registry is at localhost.
registry=localhost:5000

assemble_all() {
	dagger call --progress "${PROGRESS:-auto}" \
		--sdk testdata/sdk \
		--image-template "$registry/swebench/sweb.eval.{arch}.{repo}_1776_{name}:latest" \
		--builder-repo "$registry/eval-builder" \
		--base-repo "$registry/eval-base" \
		--agent-repo "$registry/eval-agent-server" \
		assemble-all --publish \
		directory export --path out
	echo # The CLI ends without one.
}

# What an earlier run left must not pass for this one's, should this one fail.
rm -f out/{,base-,builder-}manifest.jsonl out/summary.md out/published.txt

hack/samples.sh
step "dagger call assemble-all" assemble_all

cat <<END

$(cat out/summary.md)

manifest: out/manifest.jsonl
summary:  out/summary.md
registry: $(cat out/registry), try: curl -s http://$(cat out/registry)/v2/_catalog
END
