#!/bin/sh
# Makes a small Debian of a suite and an architecture in a folder, and runs commands in it.
#
#     root.sh ARCH SUITE COMMAND...
#
# The root is build/roots/SUITE-ARCH (ROOTS names another place than build/roots), with this
# checkout in /src. The command's mounts and processes end with it. It ends with 77 where what it
# takes is not there, and says what that is.
set -eu
cd "$(dirname "$0")/.."

arch=$1
suite=$2
shift 2
root=$(mkdir -p "${ROOTS:-build/roots}" && cd "${ROOTS:-build/roots}" && pwd)/$suite-$arch

lacking() {
    echo "no Debian for $arch here: $1" >&2
    exit 77
}

# The kernel starts programs of another architecture by qemu. Where no service has told it so
# (in a container), its own description does.
emulate() { # name that qemu has for the architecture
    known=/proc/sys/fs/binfmt_misc
    [ ! -e "$known/qemu-$1" ] || return 0
    [ -e "$known/register" ] || mount -t binfmt_misc binfmt_misc "$known" 2>/dev/null || true
    cat "/usr/lib/binfmt.d/qemu-$1.conf" >"$known/register" 2>/dev/null ||
        lacking "sudo apt install qemu-user-static"
}

make_root() {
    command -v debootstrap >/dev/null || lacking "sudo apt install debootstrap"
    echo "making a Debian $suite for $arch in $root" >&2
    rm -rf "$root"
    debootstrap --arch="$arch" --variant=minbase --include=ca-certificates,python3-venv,make \
        "$suite" "$root" >"$root.log" 2>&1 || {
        tail "$root.log" >&2
        exit 1
    }
    # Nothing is started in there, whatever is installed.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    touch "$root/.complete"
}

# The checkout, and what the network takes here.
fill_root() {
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    if [ -n "${PIP_CERT:-}" ]; then
        mkdir -p "$root$(dirname "$PIP_CERT")"
        cp -L "$PIP_CERT" "$root$PIP_CERT"
    fi
    rm -rf "$root/src"
    mkdir "$root/src"
    git ls-files -co --exclude-standard -z | xargs -0 tar -c --ignore-failed-read 2>/dev/null |
        tar -x -C "$root/src"
}

[ "$(id -u)" = 0 ] || lacking "only root can make one; sudo make emulate ARCH=$arch"
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
    case "$arch" in
    arm64) emulate aarch64 ;;
    armhf) emulate arm ;;
    esac
fi
[ -e "$root/.complete" ] || make_root
fill_root
export root
exec unshare --mount --pid --fork --kill-child sh -euc '
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    cd "$root/src"
    exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive ${PIP_CERT:+PIP_CERT="$PIP_CERT"} \
        ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} \
        chroot "$root" sh -euc "cd /src; exec \"\$@\"" sh "$@"' sh "$@"
