#!/bin/sh
# Puts the service in place from a checkout; make install names the directories.
# It can be repeated: the programs are replaced as a whole, an edited configuration is left alone.
set -eu
cd "$(dirname "$0")/.."
umask 022
. packaging/common.sh

venv=$DESTDIR$PREFIX/venv
work=$(mktemp -d)
trap 'rm -rf "$work" "$venv.new"' EXIT

# Scripts and settings of an environment name the place where it was made.
settle() {
    grep -rlIZ -- "$venv.new" "$venv.new" | xargs -0 -r sed -i "s|$venv.new|$PREFIX/venv|g"
}

build_environment() {
    rm -rf "$venv.new"
    "$SYSTEM_PYTHON" -m venv ${PIP:+--without-pip} "$venv.new"
    # Its own pip, or one that is there already (22.3 or later).
    pip="${PIP:-$venv.new/bin/python -m pip} --quiet --disable-pip-version-check"
    pip="$pip --python $venv.new/bin/python"
    $pip install --no-compile $INSTALL_ARGS "${WHEEL:-$(build_wheel "$pip")}[spi,vault]"
    # Where it was built tells nobody anything.
    for trace in "$venv.new"/lib/python3*/site-packages/iqrf_trio-*.dist-info; do
        rm -f "$trace/direct_url.json"
        sed -i '/direct_url.json/d' "$trace/RECORD"
    done
    [ -n "$PIP" ] || $pip uninstall --yes pip setuptools
    find "$venv.new" -name __pycache__ -type d -prune -exec rm -rf {} +
    settle
}

swap_environments() {
    rm -rf "$venv.old"
    [ ! -e "$venv" ] || mv "$venv" "$venv.old"
    mv "$venv.new" "$venv"
    rm -rf "$venv.old"
    "$venv/bin/python" -m compileall -q -s "$DESTDIR/" -p / "$venv"/lib/python3*/site-packages
}

link() { # name
    mkdir -p "$DESTDIR$BINDIR"
    ln -sfn "$PREFIX/venv/bin/$1" "$DESTDIR$BINDIR/$1"
}

configure() {
    default=$PREFIX/share/iqrf-trio.toml
    file=$SYSCONFDIR/iqrf-trio/iqrf-trio.toml
    # What is still the default of the version before may become that of this one.
    if [ ! -e "$DESTDIR$file" ] || cmp -s "$DESTDIR$file" "$DESTDIR$default"; then
        put 640 etc/iqrf-trio.toml "$file"
    else
        echo "$file was edited and stays; the new default is $default"
    fi
    put 644 etc/iqrf-trio.toml "$default"
    for mesh in etc/simulated-*.toml; do
        put 644 "$mesh" "$PREFIX/share/${mesh##*/}"
    done
}

# Groups that are made for us are remembered, so that a purge can take them away again.
make_users() {
    for group in spi gpio dialout; do
        getent group "$group" >/dev/null || echo "$group" >>"$PREFIX/share/groups"
    done
    systemd-sysusers
}

tell_system() {
    if [ -n "$DESTDIR" ]; then
        echo "Installed below $DESTDIR"
        return 0
    fi
    make_users
    systemd-tmpfiles --create iqrf-trio.conf
    if [ ! -d /run/systemd/system ]; then
        echo "Installed; there is no systemd here to start it: iqrf-trio run does by hand"
        return 0
    fi
    udevadm control --reload
    udevadm trigger --subsystem-match=spidev --subsystem-match=gpio --subsystem-match=tty
    systemctl daemon-reload
    systemctl try-restart iqrf-trio
    echo "Start it, now and with the system: sudo systemctl enable --now iqrf-trio"
}

case "$DESTDIR$PREFIX" in
*[[:space:]]*)
    echo "'$DESTDIR$PREFIX' has spaces, which an environment cannot stand; name another" >&2
    exit 1
    ;;
esac
if ! mkdir -p "$DESTDIR$PREFIX" 2>/dev/null || [ ! -w "$DESTDIR$PREFIX" ]; then
    echo "$DESTDIR$PREFIX cannot be written; sudo make install, or name a PREFIX of yours" >&2
    exit 1
fi
echo "Building the programs for $PREFIX; on a Raspberry Pi this takes some minutes"
build_environment
swap_environments
link iqrf-trio
link iqrfgd2-tokenctl
configure
put_system_files "$PREFIX/venv/bin/iqrf-trio"
tell_system
