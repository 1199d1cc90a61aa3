#!/bin/sh
# Builds every core plugin to plugins/<id>/dist/plugin.wasm, and packs what `callboard plugin new`
# writes beside a new plugin. Used by the image build, which has Go and a shell but not make;
# `make plugins` does the same, and only where a source changed.
set -eu
cd "$(dirname "$0")/../.."

found=0
for manifest in plugins/*/plugin.yaml; do
	[ -e "$manifest" ] || continue
	folder=$(dirname "$manifest")
	echo "building $folder/dist/plugin.wasm"
	scripts/plugin.sh "$folder"
	found=$((found + 1))
done
if [ "$found" -eq 0 ]; then
	echo "no plugins/*/plugin.yaml found" >&2
	exit 1
fi

echo "packing the SDK's modules"
cd sdk && go run ./starter/pack
