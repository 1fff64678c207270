#!/bin/sh
# What a Raspberry Pi would do, without one: builds the package for ARCH and SUITE, installs it with
# apt in a Debian of its own, under emulation, runs the demo and the gateway over SPI with the real
# spidev extension, updates, and purges it. A line for each step says how long it took.
set -eu
cd "$(dirname "$0")/.."

suite=${SUITE:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
here() { packaging/root.sh "$ARCH" "$suite" "$@"; }

step() { # what, command
    what=$1
    shift
    begun=$(date +%s)
    "$@" || {
        code=$?
        [ "$code" = 77 ] || echo "$ARCH, $suite: $what FAILED" >&2
        exit "$code"
    }
    echo "$ARCH, $suite: $what took $(($(date +%s) - begun)) s"
}

install_package() {
    here sh -euc 'apt-get install -qq -y --no-install-recommends /packages/*.deb >/dev/null
        iqrf-trio --version
        python3 -c "import spidev; print(spidev.__file__)"'
}

run_demo() {
    here sh -euc 'iqrf-trio demo --nodes 3 --speed 50 | tail -n 3'
}

# Started by the python3 of the system, the tests find the installed program beside it.
test_spi() {
    here sh -euc 'apt-get install -qq -y --no-install-recommends gcc libc6-dev >/dev/null
        [ -d /tests ] || { python3 -m venv /tmp/venv
            /tmp/venv/bin/pip install -q --target /tests pytest pytest-trio pytest-timeout pytest-xdist \
                hypothesis jsonschema; }
        export PYTHONPATH=/src:/usr/lib/iqrf-trio:/tests SLOWNESS=10
        python3 -m pytest -q -p no:cacheprovider -o faulthandler_timeout=0 --timeout=1200 \
            "tests/end_to_end/test_every_port.py::test_the_main_job_over_every_port[spi]"'
}

purge_package() {
    here sh -euc 'apt-get purge -qq -y iqrf-trio >/dev/null
        for place in /usr/lib/iqrf-trio /etc/iqrf-trio /var/lib/iqrf-trio /usr/bin/iqrf-trio; do
            [ ! -e $place ] || { echo "$place is left"; exit 1; }
        done
        ! getent passwd iqrf-trio'
}

packages=${ROOTS:-build/roots}/$suite-$ARCH/packages
step "building" packaging/build-elsewhere.sh "$ARCH" "$suite"
mkdir -p "$packages"
rm -f "$packages"/*
cp "${ROOTS:-build/roots}/$suite-$ARCH"/src/dist/*.deb "$packages/"
step "installing" install_package
step "the demo" run_demo
step "the SPI test" test_spi
step "installing again" install_package
step "purging" purge_package
