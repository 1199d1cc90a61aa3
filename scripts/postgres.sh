#!/usr/bin/env bash
# A PostgreSQL server for tests, on a free loopback port.
#
#   postgres.sh start DIR   starts it (or finds it running) and prints its DSN
#   postgres.sh dsn DIR     prints the DSN of the running server
#   postgres.sh stop DIR    stops it and removes its data
#
# DIR remembers the server. Where PostgreSQL is absent and we are root on
# Debian, start installs it through apt. Exit status: 0 done, 1 failed,
# 3 there is no PostgreSQL and no way to install it (callers may skip).
#
# The server is for tests only: it trusts every connection from this machine,
# and does not wait for the disk unless CALLBOARD_PG_DURABLE is set.
set -euo pipefail

say() { printf 'postgres.sh: %s\n' "$*" >&2; }

usage() {
	sed -n '2,15s/^# \{0,1\}//p' "$0" >&2
	exit 1
}

[ $# -eq 2 ] || usage
command=$1
dir=$2

# find_bin prints the folder of initdb and pg_ctl, the newest first.
find_bin() {
	local path
	if path=$(command -v initdb); then
		dirname "$path"
		return
	fi
	# Debian keeps the server's programs out of PATH.
	path=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
	[ -x "$path" ] && dirname "$path"
}

install_postgres() {
	[ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || return 1
	say "installing PostgreSQL through apt"
	# The package would start a server of its own on port 5432.
	if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
		mkdir -p /etc/postgresql-common
		echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
	fi
	{
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql
	} >&2
}

# as_owner runs a command as the user that may run a server: PostgreSQL
# refuses root.
as_owner() {
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	elif command -v setpriv >/dev/null; then
		setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
	else
		runuser -u postgres -- "$@"
	fi
}

# server_pid prints the process of the server that DIR remembers, if it is
# alive and has not left its number to another program.
server_pid() {
	local pid
	[ -s "$dir/data" ] || return 1
	pid=$(head -n 1 "$(cat "$dir/data")/postmaster.pid" 2>/dev/null) || return 1
	case $(ps -o stat=,comm= -p "$pid") in
	Z*) return 1 ;; # dead, and not yet collected by its parent
	*postgres) echo "$pid" ;;
	*) return 1 ;;
	esac
}

running() { [ -s "$dir/dsn" ] && server_pid >/dev/null; }

start() {
	if running; then
		cat "$dir/dsn"
		return
	fi
	stop # what a crash left behind
	local bin home port
	if ! bin=$(find_bin); then
		install_postgres || {
			say "PostgreSQL is absent: install it, or set CALLBOARD_TEST_PG to the URL of a server"
			exit 3
		}
		bin=$(find_bin) || {
			say "apt installed no initdb"
			exit 1
		}
	fi
	mkdir -p "$dir"
	# Not in DIR: the server's user may not be able to reach it.
	home=$(mktemp -d "${TMPDIR:-/tmp}/callboard-pg-XXXXXX")
	[ "$(id -u)" -ne 0 ] || chown postgres: "$home"
	echo "$home/data" >"$dir/data"
	cd "$home"
	local haste="-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
	[ -z "${CALLBOARD_PG_DURABLE:-}" ] || haste=
	as_owner "$bin/initdb" -D "$home/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >&2
	for _ in 1 2 3 4 5; do
		port=$((20000 + RANDOM % 12000)) # below the ports of outgoing connections
		if as_owner "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w -t 60 start -o "-p $port \
			-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200 \
			$haste" >&2; then
			echo "postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable" | tee "$dir/dsn"
			return
		fi
	done
	say "the server does not start:"
	cat "$home/log" >&2
	exit 1
}

stop() {
	[ -s "$dir/data" ] || return 0
	local data pid
	data=$(cat "$dir/data")
	if pid=$(server_pid) && kill -INT "$pid"; then
		while server_pid >/dev/null; do sleep 0.1; done
	fi
	case $data in
	*/callboard-pg-*/data) rm -rf "${data%/data}" ;;
	esac
	rm -f "$dir/data" "$dir/dsn"
}

case $command in
start)
	dir=$(mkdir -p "$dir" && cd "$dir" && pwd)
	start
	;;
stop) stop ;;
dsn)
	running || {
		say "no server is running for $dir"
		exit 1
	}
	cat "$dir/dsn"
	;;
*) usage ;;
esac
