#!/usr/bin/env bash
# What is too long for every change: each fuzz target for a while, then the race tests again and
# again in random order.      FUZZTIME=10m COUNT=50 scripts/soak.sh
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

fuzztime=${FUZZTIME:-1m}
count=${COUNT:-5}
failed=0

while IFS=: read -r file target; do
	echo "==> $target in $(dirname "$file") for $fuzztime"
	go test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$fuzztime" || failed=$((failed + 1))
done < <(git grep -oE --untracked '^func Fuzz[A-Za-z0-9_]+' -- '*_test.go' | sed 's/:func /:/')

echo "==> race tests of the host and the SDK, $count times"
go test -race -count="$count" -shuffle=on -timeout 2h ./host/... ./sdk/... || failed=$((failed + 1))

echo "soak: $failed failed"
[ "$failed" -eq 0 ]
