#!/bin/sh
# Builds a Debian package in DIST for machines with this distribution and architecture: libraries
# that the distribution has are dependencies, the others come along in /usr/lib/iqrf-trio.
# BUNDLE=no takes none along; BUILD_PYTHON names a Python with pip that asks no network for it.
set -eu
cd "$(dirname "$0")/.."
umask 022

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
DESTDIR=$work/root
DATADIR=/usr/share
VENDORDIR=/usr/lib
SYSCONFDIR=/etc
. packaging/common.sh

libraries=/usr/lib/iqrf-trio
documents=/usr/share/doc/iqrf-trio
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' iqrf_trio/__init__.py)

# One build for each suite: an update of the system brings the package of the newer one.
suite() {
    . /etc/os-release
    [ "$ID" != raspbian ] || ID=debian
    [ "$ID" != debian ] || ID=deb
    [ -z "${VERSION_ID:-}" ] || echo "+$ID$VERSION_ID"
}

# The moment of the last commit, so that building again makes the same package.
moment() {
    git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md
}

# Fills the folder of the libraries; prints what the package depends on.
bundle() {
    if [ -z "${BUILD_PYTHON:-}" ]; then
        "$SYSTEM_PYTHON" -m venv "$work/venv"
        BUILD_PYTHON=$work/venv/bin/python
    fi
    wheel=${WHEEL:-$(build_wheel "$BUILD_PYTHON -m pip --quiet --disable-pip-version-check")}
    [ "${BUNDLE:-}" != no ] || nothing=--nothing
    "$BUILD_PYTHON" packaging/debian/bundle.py ${nothing:-} "$wheel" spi,vault "$DESTDIR$libraries"
}

# What pip leaves that no program reads: commands of the libraries, traces of the build, headers.
tidy() {
    rm -rf "$DESTDIR$libraries/bin" "$DESTDIR$libraries/include"
    find "$DESTDIR$libraries" -name __pycache__ -type d -prune -exec rm -rf {} +
    rm -f "$DESTDIR$libraries"/*.dist-info/RECORD "$DESTDIR$libraries"/*.dist-info/REQUESTED \
        "$DESTDIR$libraries"/*.dist-info/direct_url.json
    find "$DESTDIR$libraries" -type f -exec chmod 644 {} +
}

put_program() { # name, function
    sed "s|@PYTHON@|$SYSTEM_PYTHON|; s|@LIBRARIES@|$libraries|; s|@FUNCTION@|$2|" \
        packaging/debian/program >"$work/program"
    put 755 "$work/program" "/usr/bin/$1"
}

put_documents() {
    put 644 packaging/debian/copyright "$documents/copyright"
    for page in README.md CHANGELOG.md docs/*.md; do
        put 644 "$page" "$documents/${page##*/}"
    done
    for example in etc/simulated-*.toml docs/examples/client.*; do
        put 644 "$example" "$documents/examples/${example##*/}"
    done
    {
        echo "iqrf-trio ($version$suite) unstable; urgency=medium"
        printf '\n  * Version %s; CHANGELOG.md tells what is new.\n\n' "$version"
        echo " -- $MAINTAINER  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")"
    } >"$work/changelog"
    put 644 "$work/changelog" "$documents/changelog"
    gzip -9n "$DESTDIR$documents/changelog" "$DESTDIR$documents"/*.md \
        "$DESTDIR"/usr/share/man/man?/*
}

# Compiled libraries are for one version of Python and one architecture; without any it is for all.
judge_libraries() {
    architecture=all
    pythons="python3 (>= 3.11~)"
    if [ -n "$(find "$DESTDIR$libraries" -name '*.so*')" ]; then
        architecture=$(dpkg --print-architecture)
        minor=$("$SYSTEM_PYTHON" -c 'import sys; print(sys.version_info[1])')
        pythons="python3 (>= 3.$minor~), python3 (<< 3.$((minor + 1))~), libc6, libgcc-s1"
    fi
}

put_control() {
    mkdir "$DESTDIR/DEBIAN"
    sed -e "s|@VERSION@|$version$suite|; s|@ARCHITECTURE@|$architecture|" \
        -e "s|@MAINTAINER@|$MAINTAINER|; s|@SIZE@|$(du -sk "$DESTDIR/usr" | cut -f1)|" \
        -e "s|@PYTHON@|$pythons|; s|@LIBRARIES@|$depends|" \
        packaging/debian/control >"$DESTDIR/DEBIAN/control"
    echo /etc/iqrf-trio/iqrf-trio.toml >"$DESTDIR/DEBIAN/conffiles"
    (cd "$DESTDIR" && find usr -type f -print0 | sort -z | xargs -0 md5sum) \
        >"$DESTDIR/DEBIAN/md5sums"
    for script in postinst prerm postrm; do
        install -m 755 "packaging/debian/$script" "$DESTDIR/DEBIAN/$script"
    done
}

suite=$(suite)
SOURCE_DATE_EPOCH=$(moment)
export SOURCE_DATE_EPOCH
echo "Building the package; on a Raspberry Pi this takes some minutes"
depends=$(bundle)
tidy
put_program iqrf-trio main
put_program iqrfgd2-tokenctl tokenctl
put_system_files /usr/bin/iqrf-trio
put 640 etc/iqrf-trio.toml /etc/iqrf-trio/iqrf-trio.toml
put 644 packaging/debian/lintian-overrides /usr/share/lintian/overrides/iqrf-trio
put_documents
judge_libraries
put_control
mkdir -p "$DIST"
package=$DIST/iqrf-trio_$version${suite}_$architecture.deb
dpkg-deb --root-owner-group --build "$DESTDIR" "$package" >/dev/null
echo "$package"
