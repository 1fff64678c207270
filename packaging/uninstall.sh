#!/bin/sh
# Takes away what install.sh put in place; configuration and state stay unless PURGE=1.
set -eu

if [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; then
    systemctl disable --now iqrf-trio || true
fi
for name in iqrf-trio iqrfgd2-tokenctl; do
    rm -f "$DESTDIR$BINDIR/$name" "$DESTDIR$DATADIR/bash-completion/completions/$name" \
        "$DESTDIR$DATADIR/man/man1/$name.1"
done
rm -f "$DESTDIR$DATADIR/man/man5/iqrf-trio.toml.5"
rm -f "$DESTDIR$VENDORDIR/systemd/system/iqrf-trio.service" \
    "$DESTDIR$VENDORDIR/sysusers.d/iqrf-trio.conf" \
    "$DESTDIR$VENDORDIR/tmpfiles.d/iqrf-trio.conf" \
    "$DESTDIR$VENDORDIR/udev/rules.d/60-iqrf-trio.rules"
rm -rf "$DESTDIR$PREFIX/venv" "$DESTDIR$PREFIX/venv.new" "$DESTDIR$PREFIX/venv.old" \
    "$DESTDIR$PREFIX/share/iqrf-trio.toml" "$DESTDIR$PREFIX/share/simulated-network.toml"
rmdir "$DESTDIR$PREFIX/share" "$DESTDIR$PREFIX" 2>/dev/null || true
configuration=$DESTDIR$SYSCONFDIR/iqrf-trio
state=$DESTDIR/var/lib/iqrf-trio
if [ "$PURGE" = 1 ]; then
    rm -rf "$configuration" "$state"
elif [ -e "$configuration" ] || [ -e "$state" ]; then
    echo "Removed; $configuration and $state stay, PURGE=1 removes them too"
fi
if [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
