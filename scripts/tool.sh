#!/usr/bin/env bash
# Builds a pinned tool once and prints where the binary is.
#   scripts/tool.sh NAME        NAME: gofumpt gotestsum golangci-lint opa versitygw
# Versions and checksums are in tools/; the heavy tools have a module each, so that no tool
# moves the dependencies of another. Binaries stay outside the repository, keyed by version
# and Go release: a fresh clone does not build golangci-lint for minutes again.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-} in
gofumpt) module=tools package=mvdan.cc/gofumpt ;;
gotestsum) module=tools package=gotest.tools/gotestsum ;;
golangci-lint) module=tools/golangci-lint package=github.com/golangci/golangci-lint/v2/cmd/golangci-lint ;;
opa) module=tools/opa package=github.com/open-policy-agent/opa ;;
versitygw) module=tools/versitygw package=github.com/versity/versitygw/cmd/versitygw ;;
*)
	echo "usage: scripts/tool.sh gofumpt|gotestsum|golangci-lint|opa|versitygw" >&2
	exit 2
	;;
esac

cache=${CALLBOARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/callboard}
key=$(cat "$module/go.mod" "$module/go.sum" <(go env GOVERSION GOOS GOARCH) | cksum | cut -d ' ' -f 1)
binary=$cache/tools/$1-$key

if [ ! -x "$binary" ]; then
	echo "building $1 (once; kept in $cache/tools)" >&2
	mkdir -p "$cache/tools"
	# Built under another name and moved: a build that was interrupted leaves no half binary.
	(cd "$module" && GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=0 go build -trimpath -o "$binary.$$" "$package")
	mv "$binary.$$" "$binary"
fi
echo "$binary"
