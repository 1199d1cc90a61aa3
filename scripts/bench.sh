#!/usr/bin/env bash
# Measures bin/callboard and writes the figures to docs/benchmarks.md.
#
#   bench.sh                  start, ingest, memory and load on SQLite and PostgreSQL; plugin against native
#   bench.sh growth           the first of these at several sizes of the catalog; draws docs/images/growth.svg
#   bench.sh profile          where the CPU time of each request goes
#   bench.sh FLAG...          the same as the first, with flags of callboard-bench, for example
#                             bench.sh -suites catalog -stores sqlite -runs 5
#
# Load comes from wrk, which is installed through apt when we are root on Debian, and from
# sockets of our own otherwise. PostgreSQL runs with the settings that it is installed with:
# it waits for the disk.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*"; }

case ${1:-} in
profile)
	shift
	set -- -suites profile "$@"
	;;
growth)
	shift
	set -- -suites growth -seconds 2 "$@"
	;;
esac

[ -x bin/callboard ] || {
	echo "bench.sh: there is no bin/callboard; run make bench" >&2
	exit 1
}

if ! command -v wrk >/dev/null && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
	say "installing wrk through apt"
	{ apt-get install -y -q wrk || { apt-get update -q && apt-get install -y -q wrk; }; } >/dev/null 2>&1 || say "wrk cannot be installed"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/callboard-bench-XXXXXX")
cleanup() {
	scripts/postgres.sh stop "$work/postgres" || true
	rm -rf "$work"
}
trap cleanup EXIT

# A commit alone would claim more than is true while files are changed.
commit=$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
[ -z "$(git status --porcelain --untracked-files=no 2>/dev/null)" ] || commit+=" with changes"

say "building the benchmark"
CGO_ENABLED=0 go build -trimpath -o bin/callboard-bench ./host/cmd/callboard-bench
GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' \
	-o "$work/guest.wasm" ./host/cmd/callboard-bench/testdata/guest

dsn=
case " $* " in
*" -stores sqlite "* | *" -suites profile "* | *" -suites ratio "*) ;;
*)
	say "starting PostgreSQL"
	dsn=$(CALLBOARD_PG_DURABLE=1 scripts/postgres.sh start "$work/postgres" 2>"$work/postgres.log") || {
		cat "$work/postgres.log" >&2
		[ "${CI:-}" != true ] || exit 1
		say "PostgreSQL: SKIPPED"
	}
	;;
esac

mkdir -p .cache/bench docs/images
say "measuring; this takes a while (the figures go to .cache/bench/report.json as well)"
bin/callboard-bench -binary bin/callboard -guest "$work/guest.wasm" -catalog-module plugins/catalog/dist/plugin.wasm \
	-postgres "$dsn" -commit "$commit" -json .cache/bench/report.json -docs docs/benchmarks.md "$@"

case " $* " in
*" -suites growth "*)
	(cd tools && GOWORK=off go run ./growth ../.cache/bench/report.json ../docs/images/growth.svg)
	;;
esac
