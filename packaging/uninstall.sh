#!/bin/sh
# Takes away what install.sh put in place; configuration and state stay unless PURGE=1.
set -eu

if [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; then
    systemctl disable --now iqrf-trio || true
fi
groups=$(cat "$DESTDIR$PREFIX/share/groups" 2>/dev/null || true)
for name in iqrf-trio iqrfgd2-tokenctl; do
    rm -f "$DESTDIR$BINDIR/$name" "$DESTDIR$DATADIR/bash-completion/completions/$name" \
        "$DESTDIR$DATADIR"/man/man?/"$name"[.-]*
done
rm -f "$DESTDIR$VENDORDIR/systemd/system/iqrf-trio.service" \
    "$DESTDIR$VENDORDIR/sysusers.d/iqrf-trio.conf" \
    "$DESTDIR$VENDORDIR/tmpfiles.d/iqrf-trio.conf" \
    "$DESTDIR$VENDORDIR/udev/rules.d/60-iqrf-trio.rules"
rm -rf "$DESTDIR$PREFIX/venv" "$DESTDIR$PREFIX/venv.new" "$DESTDIR$PREFIX/venv.old" \
    "$DESTDIR$PREFIX/share/iqrf-trio.toml" "$DESTDIR$PREFIX"/share/simulated-*.toml
rmdir "$DESTDIR$PREFIX/share" "$DESTDIR$PREFIX" 2>/dev/null || true

# The user, and the groups that were made for it and are nobody else's.
remove_users() {
    ! getent passwd iqrf-trio >/dev/null || userdel iqrf-trio
    ! getent group iqrf-trio >/dev/null || groupdel iqrf-trio
    for group in $groups; do
        line=$(getent group "$group") && [ -z "${line##*:}" ] && groupdel "$group" || true
    done
}

# Folders that installing made, where nothing else has come into them.
remove_empty_folders() {
    for folder in "$PREFIX/share" "$PREFIX" "$BINDIR" "$DATADIR/bash-completion/completions" \
        "$DATADIR/man/man1" "$DATADIR/man/man5" "$VENDORDIR/systemd/system" \
        "$VENDORDIR/sysusers.d" "$VENDORDIR/tmpfiles.d" "$VENDORDIR/udev/rules.d" /var/lib; do
        while [ "$folder" != / ]; do
            rmdir "$DESTDIR$folder" 2>/dev/null || [ ! -e "$DESTDIR$folder" ] || break
            folder=$(dirname "$folder")
        done
    done
}

configuration=$DESTDIR$SYSCONFDIR/iqrf-trio
state=$DESTDIR/var/lib/iqrf-trio
if [ "$PURGE" = 1 ]; then
    rm -rf "$configuration" "$state"
    rm -f "$DESTDIR$PREFIX/share/groups" \
        "$DESTDIR$SYSCONFDIR/systemd/system/multi-user.target.wants/iqrf-trio.service"
    if [ -z "$DESTDIR" ]; then remove_users; else remove_empty_folders; fi
    rmdir "$DESTDIR$PREFIX/share" "$DESTDIR$PREFIX" 2>/dev/null || true
elif [ -e "$configuration" ] || [ -e "$state" ]; then
    echo "Removed; $configuration and $state stay, PURGE=1 removes them too"
fi
if [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
