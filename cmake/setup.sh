#!/bin/sh
# Installs the Debian packages that maskfer is built from, only those that are missing, without asking anything.
# Works as root and through sudo, and with no terminal; does nothing, and needs no rights, when all is there.
set -eu

packages="gcc libc6-dev make cmake ninja-build pkg-config
libdnnl-dev libturbojpeg0-dev libpng-dev libwebp-dev libexif-dev libcairo2-dev
libyaml-dev libjansson-dev libzip-dev libfftw3-dev libtiff-dev libmicrohttpd-dev libsqlite3-dev libcmocka-dev gnuplot-nox"

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "maskfer: this is not Debian; going on with what is installed (docs/dependencies.md lists what is needed)"
    exit 0
fi

missing=
for package in $packages; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    # A name that another package stands in for (pkg-config by pkgconf) counts as there when its program is.
    if [ "$status" != installed ] && ! { [ "$package" = pkg-config ] && command -v pkg-config >/dev/null; }; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "maskfer: these packages are missing and installing them takes root or sudo:$missing" >&2
        exit 1
    fi
    as_root=sudo
    # With no terminal sudo could not ask for a password: say so rather than hang.
    if [ ! -t 0 ]; then
        as_root="sudo -n"
        if ! sudo -n true 2>/dev/null; then
            echo "maskfer: sudo wants a password and there is no terminal; install these as root:$missing" >&2
            exit 1
        fi
    fi
fi

apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# The lists are fetched only where a package is unknown to them, or when what they name is gone.
known=yes
for package in $missing; do
    apt-cache policy "$package" 2>/dev/null | grep -q 'Candidate: [^(]' || known=no
done
echo "maskfer: installing$missing"
# shellcheck disable=SC2086
if [ "$known" = no ] || ! apt install --no-install-recommends $missing; then
    apt update
    # shellcheck disable=SC2086
    apt install --no-install-recommends $missing
fi
