#!/usr/bin/env bash
# Finds what the tests need beyond Go and Node: PostgreSQL, Chromium, a C compiler for the race
# detector. As root on Debian, installs what is missing. Elsewhere it says so in a loud line, and
# the suite concerned is skipped; with CI=true it fails there.
set -euo pipefail

present() {
	case $1 in
	postgresql) command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' ;;
	chromium) [ -n "${CHROMIUM:-}" ] || command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome ;;
	gcc) command -v cc || command -v gcc ;;
	esac >/dev/null
}

# What tests compiled for code that is gone.
find "${CALLBOARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/callboard}/test" -type f -mtime +7 -delete 2>/dev/null || true

missing=()
for part in postgresql chromium gcc; do
	present "$part" || missing+=("$part")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
	echo "==> installing ${missing[*]} (apt)"
	export DEBIAN_FRONTEND=noninteractive
	packages=("${missing[@]/%gcc/gcc libc6-dev}")
	# Debian would start a server on port 5432; the tests start their own and nothing else is wanted.
	case " ${missing[*]} " in *" postgresql "*)
		mkdir -p /etc/postgresql-common/createcluster.d
		echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/callboard-tests.conf
		;;
	esac
	# shellcheck disable=SC2068 # "gcc libc6-dev" is two packages
	{ apt-get update -qq && apt-get install -y -qq --no-install-recommends ${packages[@]} >/dev/null; } ||
		echo "apt-get failed; going on with what is there" >&2
fi

for part in "${missing[@]}"; do
	present "$part" || echo "!!! MISSING: $part. Install it (Debian: apt-get install $part) to run the tests that need it."
done
