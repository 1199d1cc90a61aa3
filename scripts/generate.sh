#!/usr/bin/env bash
# Writes generated sources again: the codecs of sdk/contract (msgp), the API types of the UI.
#   scripts/generate.sh --check     changes nothing; fails if a file would change
set -euo pipefail
cd "$(dirname "$0")/.."

generated=(sdk/contract/*_gen.go sdk/contract/*_gen_test.go ui/src/api/schema.d.ts)

generate() {
	# The generator is a tool of the module sdk, pinned there.
	(cd sdk && GOWORK=off go generate ./...)
	npm --prefix ui run --silent api
}

if [ "${1:-}" != --check ]; then
	generate
	exit 0
fi

before=$(mktemp -d)
restore() {
	for file in "${generated[@]}"; do
		if ! cmp -s "$before/$file" "$file"; then cp -p "$before/$file" "$file"; fi
	done
	rm -rf "$before"
}
for file in "${generated[@]}"; do
	mkdir -p "$before/$(dirname "$file")"
	cp -p "$file" "$before/$file"
done
trap restore EXIT

generate >/dev/null
status=0
for file in "${generated[@]}"; do
	if ! diff -u "$before/$file" "$file" | head -n 40; then
		echo "$file is not up to date: run make generate"
		status=1
	fi
done
exit "$status"
