#!/usr/bin/env bash
# Read by test.sh and lint.sh with `.`: notes what passed, and closes with the counts.
# Expects: results, the folder of this run's reports; the current folder is the repository.

# shellcheck source=scripts/children.sh
. scripts/children.sh

rm -rf "${results:?}"
mkdir -p "$results"

say() { printf '\n==> %s\n' "$*"; }

# note pass|fail|skip|exit SUITE NAME: what the names mean is in tools/tally/report.go.
note() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$results/checks.tsv"; }

# check SUITE NAME COMMAND…: a check is one passed or failed test of its suite. Those that take long say so.
check() {
	local suite=$1 name=$2 started=$SECONDS
	shift 2
	if run "$@"; then
		note pass "$suite" "$name"
	else
		note fail "$suite" "$name"
		echo "FAILED: $name"
	fi
	[ $((SECONDS - started)) -lt 5 ] || echo "--- $name took $((SECONDS - started)) s"
}

# ran SUITE STATUS: a runner that fails without a failed test in its report failed all the same.
ran() { [ "$2" -eq 0 ] || note exit "$1" "the runner ended with status $2 and reported no failure"; }

# absent SUITE WHAT: skipped loudly on a laptop, failed where CI=true.
absent() {
	echo "!!! SKIPPED: $2"
	if [ "${CI:-}" = true ]; then note fail "$1" "missing: $2"; else note skip "$1" "missing: $2"; fi
}

# close FOLDER…: prints the table and the closing line; its status says whether all is well.
close() {
	echo
	(cd tools && GOWORK=off go build -o ../.cache/tally ./tally) && .cache/tally "$@"
}
