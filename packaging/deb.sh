#!/bin/sh
# Builds a Debian package in DIST for machines with this architecture and Python.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
echo "Building the package; on a Raspberry Pi this takes some minutes"
DESTDIR=$root BINDIR=/usr/bin DATADIR=/usr/share VENDORDIR=/usr/lib packaging/install.sh >"$work/said"

read_python() { "$SYSTEM_PYTHON" -c "import sys; print('%d.%d' % ($1))"; }
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' iqrf_trio/__init__.py)
architecture=$(dpkg --print-architecture)
mkdir "$root/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" \
    -e "s/@PYTHON@/$(read_python 'sys.version_info[0], sys.version_info[1]')/" \
    -e "s/@NEXT_PYTHON@/$(read_python 'sys.version_info[0], sys.version_info[1] + 1')/" \
    -e "s/@SIZE@/$(du -sk "$root" | cut -f1)/" packaging/debian/control >"$root/DEBIAN/control"
echo "$SYSCONFDIR/iqrf-trio/iqrf-trio.toml" >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do
    install -m 755 "packaging/debian/$script" "$root/DEBIAN/$script"
done
gzip -9n "$root"/usr/share/man/man?/*
mkdir -p "$root/usr/share/doc/iqrf-trio"
cp LICENSE "$root/usr/share/doc/iqrf-trio/copyright"
mkdir -p "$DIST"
dpkg-deb --root-owner-group --build "$root" \
    "$DIST/iqrf-trio_${version}_$architecture.deb" >/dev/null
echo "$DIST/iqrf-trio_${version}_$architecture.deb"
