#!/usr/bin/env bash
# Says clearly what is missing to build Callboard: Go 1.26, Node 20.19, npm.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=0
need() {
	echo "missing: $*" >&2
	missing=1
}

# at_least HAVE WANT: dotted numbers, compared part by part.
at_least() {
	local have want i
	IFS=. read -r -a have <<<"$1"
	IFS=. read -r -a want <<<"$2"
	for i in "${!want[@]}"; do
		[ "${have[i]:-0}" -gt "${want[i]}" ] && return 0
		[ "${have[i]:-0}" -lt "${want[i]}" ] && return 1
	done
	return 0
}

want_go=$(awk '$1 == "go" { print $2 }' go.work)
if ! command -v go >/dev/null; then
	need "Go ${want_go%.0} or newer; see https://go.dev/dl/"
elif ! go env GOVERSION >/dev/null 2>&1; then
	# An older Go fetches the one that go.work asks for, unless GOTOOLCHAIN=local forbids it.
	need "Go ${want_go%.0} or newer: $(go env GOVERSION 2>&1 | tail -n 1)"
fi

want_node=$(sed -n 's/.*"node": ">=\([0-9.]*\)".*/\1/p' ui/package.json)
if ! command -v node >/dev/null; then
	need "Node $want_node or newer; see https://nodejs.org/"
else
	have_node=$(node --version | sed 's/^v//; s/[^0-9.].*//')
	at_least "$have_node" "$want_node" || need "Node $want_node or newer; this is $have_node ($(command -v node))"
	command -v npm >/dev/null || need "npm, which usually comes with Node"
fi

exit "$missing"
