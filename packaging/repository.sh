#!/bin/sh
# Makes an apt repository of the Debian packages in DIST, in DIST/repository: to be copied to any
# web server. KEY is the key of one's own that signs it, as gpg knows it.
set -eu
cd "$(dirname "$0")/.."

repository=$DIST/repository
url=${URL:-https://example.org/iqrf-trio}

for program in apt-ftparchive gpg; do
    command -v $program >/dev/null || {
        echo "no $program here; sudo apt install apt-utils gnupg" >&2
        exit 1
    }
done
if [ -z "${KEY:-}" ] || ! gpg --quiet --list-secret-keys "$KEY" >/dev/null 2>&1; then
    echo "KEY has to name a secret key of yours; this makes one:" >&2
    echo '    gpg --quick-generate-key "iqrf-trio packages" ed25519 sign 5y' >&2
    echo '    make repository KEY="iqrf-trio packages"' >&2
    exit 1
fi

# Packages say by their version which suite they are for.
codename() { # number of the release
    case "$1" in
    12) echo bookworm ;;
    13) echo trixie ;;
    14) echo forky ;;
    *) echo "debian-$1" ;;
    esac
}

index() { # suite
    for arch in amd64 arm64 armhf; do
        folder=dists/$1/main/binary-$arch
        mkdir -p "$folder"
        apt-ftparchive --arch "$arch" packages "pool/$1" >"$folder/Packages"
        gzip -9nk "$folder/Packages"
    done
    apt-ftparchive -o "APT::FTPArchive::Release::Origin=iqrf-trio" \
        -o "APT::FTPArchive::Release::Suite=$1" -o "APT::FTPArchive::Release::Codename=$1" \
        -o "APT::FTPArchive::Release::Architectures=amd64 arm64 armhf" \
        -o "APT::FTPArchive::Release::Components=main" release "dists/$1" >Release
    mv Release "dists/$1/Release"
    gpg --batch --yes --local-user "$KEY" --clearsign --output "dists/$1/InRelease" "dists/$1/Release"
    gpg --batch --yes --local-user "$KEY" --armor --detach-sign --output "dists/$1/Release.gpg" \
        "dists/$1/Release"
}

rm -rf "$repository"
found=
for package in "$DIST"/iqrf-trio_*.deb; do
    [ -e "$package" ] || continue
    release=$(dpkg-deb -f "$package" Version)
    suite=$(codename "${release##*+deb}")
    mkdir -p "$repository/pool/$suite"
    cp "$package" "$repository/pool/$suite/"
    found=1
done
[ -n "$found" ] || { echo "there is no package in $DIST; make deb or make release makes one" >&2; exit 1; }
cd "$repository"
gpg --batch --export "$KEY" >iqrf-trio.gpg
for suite in pool/*; do
    suite=${suite##*/}
    index "$suite"
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$url" "$suite" \
        /usr/share/keyrings/iqrf-trio.gpg >"iqrf-trio-$suite.sources"
done
echo "$repository"
