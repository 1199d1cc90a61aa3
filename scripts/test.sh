#!/usr/bin/env bash
# Runs test suites and closes with "N passed, N failed, N skipped" over all of them.
#   scripts/test.sh SUITE…      go modules rego ui e2e client
# A suite that fails does not stop the others. Reports and logs stay in .cache/reports/test. Everything
# that is started here is stopped here, by its process id, also after Ctrl-C.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
unset MAKEFLAGS MFLAGS MAKELEVEL # the inner make runs are runs of their own

results=$PWD/.cache/reports/test
# shellcheck source=scripts/report.sh
. scripts/report.sh

server_pid=
server_data=
stop_server() {
	[ -n "$server_pid" ] || return 0
	kill "$server_pid" 2>/dev/null
	wait "$server_pid" 2>/dev/null
	server_pid=
	rm -rf "$server_data"
}

# One PostgreSQL for all packages. The folder remembers one that a killed run left behind.
postgres=.cache/test-postgres
start_postgres() {
	[ -z "${CALLBOARD_TEST_PG:-}" ] || return 0
	local dsn
	dsn=$(scripts/postgres.sh start "$postgres" 2>"$results/postgres.log") || {
		tail -n 3 "$results/postgres.log"
		absent "$1" "PostgreSQL"
		return 0 # its tests skip themselves, or fail with CI=true
	}
	export CALLBOARD_TEST_PG=$dsn
}

at_exit() {
	stop_server
	scripts/postgres.sh stop "$postgres"
}

free_port() {
	node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# start_server SUITE: serves the example company, once for all suites, and exports CALLBOARD_URL and
# CALLBOARD_TEST_DESCRIPTORS, a host and port that it may read and where a test can serve descriptors;
# CALLBOARD_TEST_CHANGES is another, for a test that runs at the same time.
# Configuration is named, so that an app-config.local.yaml of this machine changes nothing.
start_server() {
	[ -z "$server_pid" ] || return 0
	if ! make -s --no-print-directory build; then
		note fail "$1" "make build"
		return 1
	fi
	local port descriptors changes
	port=$(free_port)
	descriptors=$(free_port)
	changes=$(free_port)
	server_data=$(mktemp -d)
	export CALLBOARD_URL=http://127.0.0.1:$port CALLBOARD_TEST_DESCRIPTORS=127.0.0.1:$descriptors CALLBOARD_TEST_CHANGES=127.0.0.1:$changes
	APP_CONFIG_app_baseUrl="\"$CALLBOARD_URL\"" APP_CONFIG_backend_reading_allow="[{\"host\":\"$CALLBOARD_TEST_DESCRIPTORS\"},{\"host\":\"$CALLBOARD_TEST_CHANGES\"}]" bin/callboard serve --config app-config.yaml \
		--listen "127.0.0.1:$port" --data "$server_data" >"$results/server.log" 2>&1 &
	server_pid=$!
	if ! node scripts/wait-ready.mjs "$CALLBOARD_URL/.callboard/ready" "$server_pid"; then
		note fail "$1" "the server starts"
		tail -n 40 "$results/server.log"
		stop_server
		return 1
	fi
	echo "serving the example company on $CALLBOARD_URL, log in .cache/reports/test/server.log"
}

# The packages that drive whole portals, or whose time is compiling Wasm. What they run at once has tests of its own
# beside it, which the race detector watches; with it these take three times as long. RACE=all watches them too, as
# `make soak` does.
unwatched=(app/attack app/lifecycle app/replicas plugin/extism plugin/meter plugin/record)
unwatched=("${unwatched[@]/#/github.com/callboard/callboard/host/internal/}" github.com/callboard/callboard/host/cmd/callboard)

# Whose inside the race detector does not watch: a compiler and a database, which take three to ten times as long
# under it. Only packages that instantiate nothing of sync and sync/atomic (go tool nm shows it): of a generic function
# in several packages the linker takes any, and one that the detector does not see into makes it find races elsewhere.
uninstrumented=(
	-gcflags=github.com/tetratelabs/wazero/internal/engine/wazevo/backend/...=-race=false
	-gcflags=github.com/tetratelabs/wazero/internal/engine/wazevo/frontend=-race=false
	-gcflags=github.com/tetratelabs/wazero/internal/engine/wazevo/ssa=-race=false
	-gcflags=github.com/tetratelabs/wazero/internal/leb128=-race=false
	-gcflags=github.com/tetratelabs/wazero/internal/wasm/binary=-race=false
	-gcflags=modernc.org/sqlite/lib=-race=false
)

suite_go() {
	local gotestsum race=-race patterns watched
	read -r -a patterns < <(go work edit -json | sed -n 's|.*"DiskPath": "\(.*\)".*|\1/...|p' | tr '\n' ' ')
	if ! command -v "$(go env CC)" >/dev/null; then
		absent go "a C compiler, which the race detector needs"
		race=
	fi
	gotestsum=$(scripts/tool.sh gotestsum) || { note fail go "building gotestsum"; return; }
	start_postgres go
	if CALLBOARD_TEST_VERSITYGW=$(scripts/tool.sh versitygw); then # minutes, once
		export CALLBOARD_TEST_VERSITYGW
	else
		absent go "versitygw, an S3 server"
	fi
	# What is embedded must be there before host is compiled.
	make -s --no-print-directory plugins ui/dist/index.html || note fail go "make plugins ui/dist/index.html"
	[ "${RACE:-}" != all ] || unwatched=() uninstrumented=()
	mapfile -t watched < <(go list "${patterns[@]}" | grep -vxFf <(printf '%s\n' "${unwatched[@]}"))
	if [ ${#unwatched[@]} -gt 0 ]; then
		say "Go: whole portals"
		# They wait for processes more than they compute.
		run "$gotestsum" --format pkgname-and-test-fails --hide-summary=skipped --junitfile "$results/go-portals.xml" -- \
			-p $(($(nproc) + 1)) -timeout 25m "${unwatched[@]}"
		ran go-portals $?
	fi
	say "Go: every module of the workspace, with the race detector"
	run env CGO_ENABLED="${race:+1}" "$gotestsum" --format pkgname-and-test-fails --hide-summary=skipped --junitfile "$results/go.xml" -- \
		${race:+"$race" "${uninstrumented[@]}"} -timeout 25m "${watched[@]}"
	ran go $?
}

# What a plugin author or a packager has: one module, and no go.work around it.
suite_modules() {
	say "Go: each module on its own (GOWORK=off)"
	local file folder gotestsum
	gotestsum=$(scripts/tool.sh gotestsum) || { note fail modules "building gotestsum"; return; }
	export GOWORK=off
	while read -r file; do
		folder=$(dirname "$file")
		if [ -z "$(cd "$folder" && go list ./... 2>/dev/null)" ]; then
			continue # only versions, as in tools/opa
		elif grep -q "^[[:space:]]*\./$folder\$" go.work; then
			check modules "$folder builds alone" go build -C "$folder" -o /dev/null ./...
		else
			run within "$folder" "$gotestsum" --format pkgname-and-test-fails --junitfile "$results/modules-${folder//\//-}.xml" -- ./...
			ran "modules-${folder//\//-}" $?
		fi
	done < <(git ls-files --cached --others --exclude-standard -- 'go.mod' '*/go.mod' | grep -v -e /testdata/ -e /skeleton/)
	for file in examples/*/plugin.yaml examples/*/*/plugin.yaml; do
		[ -e "$file" ] || continue
		folder=$(dirname "$file")
		check modules "$folder builds to Wasm alone" scripts/plugin.sh "$folder"
	done
	unset GOWORK
}

suite_rego() {
	say "Rego: the policies"
	local opa
	opa=$(scripts/tool.sh opa) || { note fail rego "building opa"; return; }
	"$opa" test policies --format=json >"$results/rego.opa.json"
	ran rego $?
	check rego "every line of the policies is covered" "$opa" test policies --coverage --threshold=100 --format=json >"$results/rego-coverage.json"
}

suite_ui() {
	say "UI: types and unit tests"
	make -s --no-print-directory packages || { note fail ui "make packages"; return; }
	check ui "types" npm --prefix ui run --silent typecheck
	run within ui npx --no-install vitest run --reporter=default --reporter=junit --outputFile.junit="$results/ui.xml"
	ran ui $?
}

suite_e2e() {
	say "End to end: Chromium against the real binary"
	# The one without windows does the same in less time.
	CHROMIUM=${CHROMIUM:-$(command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome)}
	if [ -z "$CHROMIUM" ]; then
		absent e2e "Chromium"
		return
	fi
	export CHROMIUM
	make -s --no-print-directory packages || { note fail e2e "make packages"; return; }
	# What a healthy server never shows, and what the example company has not: the stand-in fails on request, and has
	# kinds of plugins. Needs ui/dist, not the server.
	make -s --no-print-directory ui/dist/index.html || { note fail e2e "building the UI"; return; }
	PLAYWRIGHT_JUNIT_OUTPUT_FILE=$results/e2e-faults.xml run within ui env -u CALLBOARD_URL PORT="$(free_port)" npx --no-install playwright test faults.spec.ts model.spec.ts own-kinds.spec.ts --reporter=list,junit
	ran e2e-faults $?
	# What plugins.spec.ts installs.
	scripts/plugin.sh examples/hello || { note fail e2e "building examples/hello"; return; }
	start_server e2e || return
	PLAYWRIGHT_JUNIT_OUTPUT_FILE=$results/e2e.xml run within ui npx --no-install playwright test --reporter=list,junit
	ran e2e $?
}

suite_client() {
	say "The real Backstage client against the real binary"
	make -s --no-print-directory packages || { note fail client "make packages"; return; }
	start_server client || return
	run within e2e/backstage-client node --test --test-concurrency=1 \
		--test-reporter=spec --test-reporter-destination=stdout --test-reporter=junit --test-reporter-destination="$results/client.xml"
	ran client $?
}

if ! scripts/prerequisites.sh; then exit 1; fi
scripts/setup-tests.sh
for suite in "$@"; do
	started=$SECONDS
	"suite_$suite" || true
	echo "--- $suite took $((SECONDS - started)) s"
done
at_exit
close "$results"
