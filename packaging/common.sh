# What installing and packaging have in common; read by their scripts, which set DESTDIR and `work`.
# shellcheck shell=sh

put() { # mode, file, place
    mkdir -p "$DESTDIR$(dirname "$3")"
    install -m "$1" "$2" "$DESTDIR$3"
}

fill_in() { # file, place, program
    sed "s|@PROGRAM@|$3|g; s|@SYSCONFDIR@|$SYSCONFDIR|g" "$1" >"$work/filled"
    put 644 "$work/filled" "$2"
}

# From a copy: setuptools leaves its own traces, and would take up old ones. Prints the wheel's path.
build_wheel() { # pip
    mkdir "$work/source"
    cp -R setup.cfg pyproject.toml README.md LICENSE protocol iqrf_trio "$work/source"
    $1 wheel --no-deps --wheel-dir "$work" "$work/source" >&2
    echo "$work"/*.whl
}

# Unit, user, device permissions, completion and manual pages of the program at the given path.
put_system_files() { # program
    fill_in etc/systemd/iqrf-trio.service.in "$VENDORDIR/systemd/system/iqrf-trio.service" "$1"
    fill_in etc/tmpfiles.d/iqrf-trio.conf.in "$VENDORDIR/tmpfiles.d/iqrf-trio.conf" "$1"
    put 644 etc/sysusers.d/iqrf-trio.conf "$VENDORDIR/sysusers.d/iqrf-trio.conf"
    put 644 etc/udev/60-iqrf-trio.rules "$VENDORDIR/udev/rules.d/60-iqrf-trio.rules"
    completions=$DATADIR/bash-completion/completions
    put 644 etc/completions/iqrf-trio.bash "$completions/iqrf-trio"
    ln -sfn iqrf-trio "$DESTDIR$completions/iqrfgd2-tokenctl"
    for page in etc/man/*; do
        put 644 "$page" "$DATADIR/man/man${page##*.}/${page##*/}"
    done
}
