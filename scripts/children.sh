#!/usr/bin/env bash
# Read with `.`: runs commands so that nothing survives this script, whoever ends it. Bash waits
# for a command in the foreground before it looks at a signal, so long ones run in a process group
# of their own, which the trap ends.
#
# at_exit is called at the end, also after a signal; a script may define it anew.

child=
run() { # run COMMAND…: as the command itself, with its status
	local status
	set -m
	"$@" </dev/null &
	child=$!
	set +m
	wait "$child"
	status=$?
	child=
	return "$status"
}

within() { # within FOLDER COMMAND…
	(cd "$1" && shift && exec "$@")
}

at_exit() { :; }

end_child() {
	[ -n "$child" ] || return 0
	kill -TERM -- "-$child" 2>/dev/null
	wait "$child" 2>/dev/null
	child=
}

trap 'end_child; at_exit' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
