#!/bin/sh
# Builds every core plugin to plugins/<id>/dist/plugin.wasm. Used by the image build, which has
# Go but not make; `make build` does the same and more.
set -eu
cd "$(dirname "$0")/../.."

found=0
for manifest in plugins/*/plugin.yaml; do
	[ -e "$manifest" ] || continue
	folder=$(dirname "$manifest")
	mkdir -p "$folder/dist"
	echo "building $folder/dist/plugin.wasm"
	GOOS=wasip1 GOARCH=wasm go build -trimpath -buildmode=c-shared -ldflags='-s -w' \
		-o "$folder/dist/plugin.wasm" "./$folder"
	found=$((found + 1))
done
if [ "$found" -eq 0 ]; then
	echo "no plugins/*/plugin.yaml found" >&2
	exit 1
fi
