#!/bin/sh
# Installs a Debian package below a root of its own, over a former version with an edited
# configuration and a database, runs it there, removes and purges it, and looks at what is left.
#
#     check-package.sh PACKAGE [FORMER]
#
# Without a package of a FORMER version one is made: the same with another version and layout.
# PYTHON has the libraries that the package takes from the distribution.
set -eu

package=$1
work=$(mktemp -d)
chmod 755 "$work" # root becomes the owner of the database
trap 'rm -rf "$work"' EXIT
root=$work/root
configuration=$root/etc/iqrf-trio/iqrf-trio.toml
database=$root/var/lib/iqrf-trio/iqrf-trio.db
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" # dpkg insists on what is there

fail() {
    echo "$package: $1" >&2
    exit 1
}

in_root() { # words of dpkg
    dpkg --root="$root" --force-not-root --force-depends --force-script-chrootless \
        --force-confdef --force-confold "$@" >"$work/said" 2>&1 || { cat "$work/said" >&2; fail "dpkg $1 failed"; }
}

# A system with nothing but root and dpkg's own files.
make_root() {
    mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/etc"
    : >"$root/var/lib/dpkg/status"
    echo "root:x:0:0:root:/root:/bin/sh" >"$root/etc/passwd"
    echo "root:x:0:" >"$root/etc/group"
}

make_former() {
    dpkg-deb -R "$package" "$work/former"
    sed -i 's/^Version: .*/Version: 0.1.0/' "$work/former/DEBIAN/control"
    echo "# the default of an older version" >"$work/former/etc/iqrf-trio/iqrf-trio.toml"
    mkdir -p "$work/former/opt/iqrf-trio"
    mv "$work/former/usr/lib/iqrf-trio" "$work/former/opt/iqrf-trio/venv"
    dpkg-deb --build "$work/former" "$work/former.deb" >/dev/null
    echo "$work/former.deb"
}

# The files and links below the root that are not of the system or of the test.
left() {
    (cd "$root" && find . ! -type d ! -path './var/lib/dpkg/*' ! -path './var/lib/systemd/*' \
        ! -name passwd ! -name 'passwd-' ! -name group ! -name 'group-' ! -name '*shadow' \
        ! -name '*shadow-' ! -name .pwd.lock | sort)
}

expect_left() { # what is meant to be left, the step
    [ "$(left)" = "$1" ] || fail "after the $2 there is: $(left)"
}

run_below() { # root, words of iqrf-trio
    sed "1d; s|\"/usr/lib/|\"$1/usr/lib/|" "$1/usr/bin/iqrf-trio" >"$work/program"
    shift
    "${PYTHON:-python3}" -I "$work/program" "$@" >"$work/said" 2>&1 || {
        cat "$work/said" >&2
        fail "iqrf-trio $1 failed"
    }
}

check_kept() { # the step
    [ "$(cat "$configuration")" = "# mine" ] || fail "the configuration was lost by the $1"
    run_below "$root" token list --state-dir "$(dirname "$database")"
    grep -q kept-owner "$work/said" || fail "the tokens were lost by the $1"
}

make_root
in_root --install "${2:-$(make_former)}"
echo "# mine" >"$configuration"
dpkg-deb -x "$package" "$work/elsewhere"
run_below "$work/elsewhere" token create --owner kept-owner --expiration 1d \
    --state-dir "$(dirname "$database")"
in_root --install "$package"
check_kept update
[ ! -e "$root/opt" ] || fail "there are traces of the former layout in /opt"
grep -q '^iqrf-trio:' "$root/etc/passwd" || fail "there is no user iqrf-trio"
[ "$(stat -c %a "$(dirname "$database")")" = 700 ] || fail "others may look at the state"
grep -q '^ExecStart=/usr/bin/iqrf-trio ' "$root/usr/lib/systemd/system/iqrf-trio.service" ||
    fail "the unit starts another program"
in_root --install "$package"
check_kept "second installation"
run_below "$root" demo --nodes 2 --speed 0
in_root --remove iqrf-trio
[ ! -e "$root/usr/lib/iqrf-trio" ] || fail "removed, but its libraries are there"
mv "$database" "$work/database"
rm -f "$database"*
mv "$work/database" "$database"
rm -f "$configuration.dpkg-dist"
# The link that enables the service stays: who installs again has it enabled or disabled as before.
expect_left "./etc/iqrf-trio/iqrf-trio.toml
./etc/systemd/system/multi-user.target.wants/iqrf-trio.service
./var/lib/iqrf-trio/iqrf-trio.db" removal
in_root --install "$package"
check_kept "removal"
in_root --remove iqrf-trio
in_root --purge iqrf-trio
expect_left "" purge
[ -z "$(find "$root/usr" "$root/opt" "$root/var/lib/systemd" ! -type d 2>/dev/null)" ] ||
    fail "purged, but there are $(find "$root/usr" "$root/var/lib/systemd" ! -type d)"
echo "$package installs, updates, runs, and goes without a trace"
