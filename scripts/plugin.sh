#!/usr/bin/env bash
# Builds one plugin: scripts/plugin.sh FOLDER writes FOLDER/dist/plugin.wasm.
# FOLDER is a package of the module it lies in: plugins/catalog, examples/hello.
# Also run by the image build, so it needs Go and a shell, nothing else; npm only for a folder with a package.json.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:?usage: scripts/plugin.sh FOLDER}
mkdir -p "$folder/dist"
if [ -f "$folder/package.json" ]; then
	rm -f "$folder"/dist/*.wasm
	npm --prefix "$folder" ci --silent --no-audit --no-fund
	npm --prefix "$folder" run --silent build
	mv "$folder"/dist/*.wasm "$folder/dist/plugin.wasm"
	exit
fi
# A plugin with a module of its own is no part of the workspace.
[ ! -f "$folder/go.mod" ] || export GOWORK=off
# c-shared makes a reactor: the module starts without running main and then answers calls.
(cd "$folder" && GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o dist/plugin.wasm .)
touch "$folder/dist/plugin.wasm"
