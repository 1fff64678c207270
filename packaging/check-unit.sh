#!/bin/sh
# Has systemd judge the unit, where there is one: nothing unknown in it, and little exposed.
set -eu
cd "$(dirname "$0")/.."

if ! command -v systemd-analyze >/dev/null; then
    echo "no systemd-analyze here: the unit is not checked"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp /bin/true "$work/iqrf-trio"
sed "s|@PROGRAM@|$work/iqrf-trio|; s|@SYSCONFDIR@|/etc|" etc/systemd/iqrf-trio.service.in \
    >"$work/iqrf-trio.service"
systemd-analyze verify --man=no "$work/iqrf-trio.service"
if ! systemd-analyze security --offline=yes --threshold=16 --no-pager "$work/iqrf-trio.service" \
    >"$work/found" 2>&1; then
    cat "$work/found" >&2
    exit 1
fi
tail -n 1 "$work/found"
