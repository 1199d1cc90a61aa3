#!/usr/bin/env bash
# Checks the image without pulling anything: builds the final stage of the Dockerfile (FROM
# scratch) with buildah around a binary that exists already, then looks at what came out.
#   deploy/scripts/image-check.sh [BINARY]      default: bin/callboard
# The binary must be static and built for this machine. Needs buildah (Debian: apt-get install
# buildah) and root or a rootless set-up. Works where no container daemon and no network is.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
binary=${1:-$root/bin/callboard}
work=$(mktemp -d)
tag=localhost/callboard-image-check:$$
container=
failures=0

# Storage of its own, so that the check neither sees nor touches the images of this machine.
builder=(buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs)

cleanup() {
	if [ -n "$container" ]; then "${builder[@]}" rm "$container" >/dev/null 2>&1 || true; fi
	"${builder[@]}" rmi --force "$tag" >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap cleanup EXIT

die() { echo "image-check: $*" >&2; exit 2; }
pass() { echo "ok    $*"; }
fail() { echo "FAIL  $*"; failures=$((failures + 1)); }
expect() { # expect NAME WANT GOT
	if [ "$2" = "$3" ]; then pass "$1: $2"; else fail "$1: want '$2', got '$3'"; fi
}

command -v buildah >/dev/null || die "buildah is missing; on Debian: apt-get install buildah"
[ -f "$binary" ] || die "no binary at $binary; run 'make build' or name one"

if readelf --program-headers "$binary" 2>/dev/null | grep -q INTERP; then
	fail "the binary is static: it asks for a dynamic loader"
else
	pass "the binary is static"
fi

# What the stage "rootfs" of the Dockerfile makes, out of what is here.
rootfs=$work/context/rootfs
install -d -m 0755 "$rootfs/etc/ssl/certs"
install -m 0444 /etc/ssl/certs/ca-certificates.crt "$rootfs/etc/ssl/certs/ca-certificates.crt"
install -m 0555 "$binary" "$rootfs/callboard"
install -m 0444 "$root/LICENSE" "$rootfs/LICENSE"
install -d -m 1777 "$rootfs/tmp"
install -d -m 0700 "$work/context/owned/data"

# The final stage, word for word, with COPY --from pointing to that context.
awk '/^FROM scratch AS image$/ { on = 1 } on' "$root/Dockerfile" > "$work/Dockerfile"
sed -i -E 's#^COPY --from=rootfs (.*)/(rootfs|owned)/ /$#COPY \1\2/ /#' "$work/Dockerfile"
if grep -q -- '--from=' "$work/Dockerfile"; then die "the final stage copies from elsewhere too; change this script with it"; fi

# The docker format keeps HEALTHCHECK, which the OCI image format does not know.
"${builder[@]}" bud --quiet --isolation chroot --format docker --pull-never --tag "$tag" --file "$work/Dockerfile" "$work/context" >/dev/null
pass "the final stage builds FROM scratch, with nothing pulled"

config() { "${builder[@]}" inspect --type image --format "{{$1}}" "$tag"; }
expect "user" "65532:65532" "$(config .Docker.Config.User)"
expect "entry point" "[/callboard]" "$(config .Docker.Config.Entrypoint)"
expect "command" "[serve]" "$(config .Docker.Config.Cmd)"
expect "volume" "map[/data:{}]" "$(config .Docker.Config.Volumes)"
expect "health check" "[CMD /callboard doctor --health]" "$(config .Docker.Config.Healthcheck.Test)"
expect "stop signal" "SIGTERM" "$(config .Docker.Config.StopSignal)"
case "$(config .Docker.Config.Env)" in
*CALLBOARD_DATA=/data*) pass "environment: CALLBOARD_DATA=/data" ;;
*) fail "environment: CALLBOARD_DATA is not set" ;;
esac

container=$("${builder[@]}" from --pull-never "$tag")
mounted=$("${builder[@]}" mount "$container")
expect "files" "/LICENSE /callboard /etc/ssl/certs/ca-certificates.crt" \
	"$(cd "$mounted" && find . -type f | sed 's|^\.||' | sort | tr '\n' ' ' | sed 's/ $//')"
expect "owner of /data" "65532:65532 700" "$(stat -c '%u:%g %a' "$mounted/data")"
expect "mode of /tmp" "1777" "$(stat -c '%a' "$mounted/tmp")"
expect "mode of the binary" "0:0 555" "$(stat -c '%u:%g %a' "$mounted/callboard")"

if "${builder[@]}" run --isolation chroot "$container" -- /callboard version >"$work/version" 2>&1; then
	pass "it runs as 65532: $(head -n 1 "$work/version")"
else
	fail "it runs: $(tail -n 1 "$work/version")"
fi
pass "size: $(du -sm "$mounted" | cut -f 1) MB"

if [ "$failures" -gt 0 ]; then
	echo "image-check: $failures failed"
	exit 1
fi
echo "image-check: all passed"
