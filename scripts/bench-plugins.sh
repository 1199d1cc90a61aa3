#!/usr/bin/env bash
# Compares the plugin runtime with wazero alone, Extism's go-sdk and HashiCorp's go-plugin, in one
# run, and writes the figures to docs/benchmarks.md. Flags go to pluginbench, for example
#   bench-plugins.sh -sections calls -rounds 9
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/bench-plugins-XXXXXX")
trap 'rm -rf "$work"' EXIT

commit=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
[ -z "$(git status --porcelain --untracked-files=no 2>/dev/null)" ] || commit+=" with changes"

echo "==> building the comparison"
CGO_ENABLED=0 go build -trimpath -o "$work/pluginbench" ./host/pluginbench
GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o "$work/guest.wasm" ./host/pluginbench/guest
(cd host/pluginbench && GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o "$work/extism.wasm" ./extismguest)

echo "==> measuring; this takes some minutes"
"$work/pluginbench" -guest "$work/guest.wasm" -extism "$work/extism.wasm" -commit "$commit" -docs docs/benchmarks.md "$@"
