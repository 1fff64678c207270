#!/bin/sh
# Puts the service in place from a checkout; make install names the directories.
# It can be repeated: the programs are replaced as a whole, an edited configuration is left alone.
set -eu
cd "$(dirname "$0")/.."
umask 022

venv=$DESTDIR$PREFIX/venv
work=$(mktemp -d)
trap 'rm -rf "$work" "$venv.new"' EXIT

# Scripts and settings of an environment name the place where it was made.
settle() {
    grep -rlIZ -- "$venv.new" "$venv.new" | xargs -0 -r sed -i "s|$venv.new|$PREFIX/venv|g"
}

# From a copy: setuptools leaves its own traces, and would take up old ones.
build_wheel() {
    mkdir "$work/source"
    cp -R setup.cfg pyproject.toml README.md LICENSE protocol iqrf_trio "$work/source"
    $pip wheel --no-deps --wheel-dir "$work" "$work/source" >&2
    echo "$work"/*.whl
}

build_environment() {
    rm -rf "$venv.new"
    "$SYSTEM_PYTHON" -m venv ${PIP:+--without-pip} "$venv.new"
    # Its own pip, or one that is there already (22.3 or later).
    pip="${PIP:-$venv.new/bin/python -m pip} --quiet --disable-pip-version-check"
    pip="$pip --python $venv.new/bin/python"
    $pip install --no-compile $INSTALL_ARGS "${WHEEL:-$(build_wheel)}[spi,vault]"
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

put() { # mode, file, place
    mkdir -p "$DESTDIR$(dirname "$3")"
    install -m "$1" "$2" "$DESTDIR$3"
}

fill_in() { # file, place
    sed "s|@PREFIX@|$PREFIX|g; s|@SYSCONFDIR@|$SYSCONFDIR|g" "$1" >"$work/filled"
    put 644 "$work/filled" "$2"
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
    put 644 etc/simulated-network.toml "$PREFIX/share/simulated-network.toml"
    put 644 etc/simulated-trouble.toml "$PREFIX/share/simulated-trouble.toml"
    put 644 etc/simulated-bonding.toml "$PREFIX/share/simulated-bonding.toml"
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
fill_in etc/systemd/iqrf-trio.service.in "$VENDORDIR/systemd/system/iqrf-trio.service"
fill_in etc/tmpfiles.d/iqrf-trio.conf.in "$VENDORDIR/tmpfiles.d/iqrf-trio.conf"
put 644 etc/sysusers.d/iqrf-trio.conf "$VENDORDIR/sysusers.d/iqrf-trio.conf"
put 644 etc/udev/60-iqrf-trio.rules "$VENDORDIR/udev/rules.d/60-iqrf-trio.rules"
completions=$DATADIR/bash-completion/completions
put 644 etc/completions/iqrf-trio.bash "$completions/iqrf-trio"
ln -sfn iqrf-trio "$DESTDIR$completions/iqrfgd2-tokenctl"
put 644 etc/man/iqrf-trio.1 "$DATADIR/man/man1/iqrf-trio.1"
put 644 etc/man/iqrfgd2-tokenctl.1 "$DATADIR/man/man1/iqrfgd2-tokenctl.1"
put 644 etc/man/iqrf-trio.toml.5 "$DATADIR/man/man5/iqrf-trio.toml.5"
tell_system
