#!/usr/bin/env bash
# A real Gitea for the tests of source hosts, built once from its Go module.
#
#   gitea.sh build   builds it (about ten minutes, once) and prints its folder
#   gitea.sh find    prints its folder, or says how to build it and exits 3
#
# The folder holds the program and the files that it serves; it is kept outside of the repository,
# by version. Tests find it there, or at CALLBOARD_TEST_GITEA, and are skipped without it.
set -euo pipefail

version=1.26.2
cache=${CALLBOARD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/callboard}
folder=$cache/gitea-$version

case ${1:-} in
find)
	if [ -x "$folder/gitea" ]; then
		echo "$folder"
		exit
	fi
	echo "there is no Gitea $version in $folder: run scripts/gitea.sh build" >&2
	exit 3
	;;
build) ;;
*)
	sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
	exit 1
	;;
esac

if [ ! -x "$folder/gitea" ]; then
	echo "building Gitea $version (about ten minutes, once; kept in $folder)" >&2
	work=$(mktemp -d "${TMPDIR:-/tmp}/gitea-XXXXXX")
	trap 'rm -rf "$work"' EXIT
	# Outside of a module the checksum database vouches for what is downloaded.
	source=$(cd "$work" && GOWORK=off go mod download -json "code.gitea.io/gitea@v$version" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
	mkdir -p "$folder"
	(cd "$source" && GOWORK=off GOFLAGS=-buildvcs=false CGO_ENABLED=1 nice go build -trimpath -tags 'sqlite sqlite_unlock_notify' -o "$folder/gitea.$$" .)
	for part in templates options public; do
		rm -rf "${folder:?}/$part"
		cp -R "$source/$part" "$folder/$part"
	done
	chmod -R u+w "$folder"
	# Last and by a move: a build that was interrupted leaves no half one.
	mv "$folder/gitea.$$" "$folder/gitea"
fi
echo "$folder"
