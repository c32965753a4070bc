#!/usr/bin/env bash
# Runs assemble-all on the sample images in the local registry, and prints the results.
set -euo pipefail
cd "$(dirname "$0")/.."
. hack/lib.sh

# The registry shares the engine's network, so the engine reaches it as localhost.
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
	echo # The CLI ends without a newline.
}

# If this run fails, the results of an earlier one must not remain.
rm -f out/{,base-,builder-}manifest.jsonl out/summary.md out/published.txt

hack/samples.sh
step "dagger call assemble-all" assemble_all

cat <<END

$(cat out/summary.md)

manifest: out/manifest.jsonl
summary:  out/summary.md
registry: $(cat out/registry), try: curl -s http://$(cat out/registry)/v2/_catalog
END
