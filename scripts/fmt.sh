#!/usr/bin/env bash
# Formats Go and Rego, and lets eslint repair what it can.
set -euo pipefail
cd "$(dirname "$0")/.."

"$(scripts/tool.sh gofumpt)" -w host sdk plugins policies examples tools ui/*.go
"$(scripts/tool.sh opa)" fmt --write policies
if [ -d ui/node_modules ]; then
	npm --prefix ui run --silent lint -- --fix
else
	echo "the UI is not formatted: run make packages first" >&2
fi
