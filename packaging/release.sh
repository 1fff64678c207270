#!/bin/sh
# Builds what is handed out, in DIST: sdist, wheel and Debian package, and checks each one: the
# wheel is built from the sdist, so that a file missing in it is noticed, and is run in an
# environment of its own. ARCHS="arm64 armhf" has the packages for those built in emulated systems.
set -eu
cd "$(dirname "$0")/.."

python=$PWD/.venv/bin/python
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$DIST"
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' iqrf_trio/__init__.py)
grep -q "^## $version" CHANGELOG.md || {
    echo "CHANGELOG.md has no section \"## $version\"; write what this version changes" >&2
    exit 1
}

"$python" -m pip --quiet --disable-pip-version-check install build twine
"$python" -m build --outdir "$work/dist" .
"$python" -m twine check --strict "$work"/dist/*

"$python" -m venv "$work/venv"
"$work/venv/bin/pip" --quiet --disable-pip-version-check install "$work"/dist/*.whl
said=$("$work/venv/bin/iqrf-trio" --version)
[ "${said##* }" = "$version" ] || { echo "the wheel says $said, not $version" >&2; exit 1; }
"$work/venv/bin/iqrf-trio" demo --nodes 3 --speed 0 >"$work/said" || { cat "$work/said"; exit 1; }
cp "$work"/dist/* "$DIST/"

if command -v dpkg-deb >/dev/null; then
    package=$(packaging/deb.sh | tail -n 1)
    PYTHON="$python" packaging/check-package.sh "$package"
    if command -v lintian >/dev/null; then lintian --fail-on error "$package"; fi
    echo "$package"
else
    echo "no dpkg-deb here: no Debian package"
fi
for arch in $ARCHS; do
    suite=${SUITE:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
    packaging/build-elsewhere.sh "$arch" "$suite" || [ $? = 77 ] # which has said what is lacking
done
ls "$DIST"
