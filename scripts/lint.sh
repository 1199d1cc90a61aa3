#!/usr/bin/env bash
# Runs every linter and closes with the counts; a linter that complains does not stop the others.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
unset MAKEFLAGS MFLAGS MAKELEVEL

results=$PWD/.cache/reports/lint
# shellcheck source=scripts/report.sh
. scripts/report.sh

# One pattern a module of the workspace: ./host/... ./sdk/... and so on.
read -r -a packages < <(go work edit -json | sed -n 's|.*"DiskPath": "\(.*\)".*|\1/...|p' | tr '\n' ' ')

# Prints the files that a formatter would change, and fails if there are any.
unformatted() {
	local files
	files=$("$@") || return 1
	[ -z "$files" ] && return 0
	echo "$files"
	echo "make fmt repairs it"
	return 1
}

# tools is no part of the workspace.
lint_tools() { (cd tools && GOWORK=off "$1" run --config ../.golangci.yml ./...); }

lint_ui() {
	check lint "eslint" npm --prefix ui run --silent lint
	check lint "spectral, openapi.json" npm --prefix tools/spectral run --silent lint
}

scripts/prerequisites.sh || exit 1
make -s --no-print-directory lint-packages plugins ||
	note fail lint "make lint-packages plugins"

# Node uses one core for a minute while the Go linters start.
set -m
lint_ui >"$results/ui.log" 2>&1 </dev/null &
ui_pid=$!
set +m
at_exit() { kill -TERM -- "-$ui_pid" 2>/dev/null || true; }

say "Go: format, vet, golangci-lint"
if gofumpt=$(scripts/tool.sh gofumpt); then
	check lint "gofumpt" unformatted "$gofumpt" -l host sdk plugins policies examples tools ui/*.go
else
	note fail lint "building gofumpt"
fi
check lint "go vet" go vet "${packages[@]}"
check lint "go vet, as a guest" env GOOS=wasip1 GOARCH=wasm go vet ./sdk ./plugins/...
if golangci=$(scripts/tool.sh golangci-lint); then
	check lint "golangci-lint" "$golangci" run "${packages[@]}"
	check lint "golangci-lint, tools" lint_tools "$golangci"
else
	note fail lint "building golangci-lint"
fi

say "Go: every go.mod says what its module uses"
tidy() { (cd "$1" && GOWORK=off go mod tidy -diff); }
for folder in "${packages[@]%/...}" tools tools/golangci-lint tools/opa tools/versitygw; do
	check lint "${folder#./}/go.mod is tidy" tidy "$folder"
done

say "Rego"
if opa=$(scripts/tool.sh opa); then
	check lint "opa check" "$opa" check --strict policies
	check lint "opa fmt" unformatted "$opa" fmt --list policies
else
	note fail lint "building opa"
fi

say "Shell, generated sources"
for script in scripts/*.sh deploy/scripts/*.sh .ci/run; do
	check lint "syntax of $script" bash -n "$script"
done
check lint "generated sources are up to date" scripts/generate.sh --check

say "UI: eslint; openapi.json"
wait "$ui_pid"
cat "$results/ui.log"
close "$results"
