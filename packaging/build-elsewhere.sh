#!/bin/sh
# Builds the Debian package for another suite or architecture, in a root of it, into DIST.
#
#     build-elsewhere.sh ARCH SUITE
set -eu
cd "$(dirname "$0")/.."

arch=$1
suite=$2
# Where a library has no ready-made build for the architecture, it is compiled.
compilers="gcc python3-dev libffi-dev"
[ "$arch" = armhf ] || compilers=
packaging/root.sh "$arch" "$suite" sh -euc '
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends python3-venv make '"$compilers"' >/dev/null
    make --silent deb DIST=/src/dist'
mkdir -p "$DIST"
cp "${ROOTS:-build/roots}/$suite-$arch"/src/dist/*.deb "$DIST/"
