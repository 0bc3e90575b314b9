#!/bin/sh
# Install the Debian packages that building yizhan needs; with --test also
# those that its tests need. Asks nothing, and does nothing at all (no
# network, no root) when all of them are there.
set -eu

packages="build-essential meson ninja-build pkg-config gettext
	liblmdb-dev libsodium-dev libzstd-dev libuv1-dev libjansson-dev
	libinih-dev libunistring-dev libqrencode-dev libmnl-dev"
# libc6-dbg: valgrind needs it to know the loader's functions.
test_packages="libcmocka-dev clang clang-format valgrind libc6-dbg python3
	python3-cryptography python3-zstandard
	golang-go golang-github-flynn-noise-dev golang-golang-x-crypto-dev
	golang-github-klauspost-compress-dev liblzma-dev xz-utils zstd procps iproute2"

case "${1-}" in
"") ;;
--test) packages="$packages $test_packages" ;;
*)
	echo "usage: install-deps.sh [--test]" >&2
	exit 2
	;;
esac

is_installed() {
	status=$(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) || return 1
	[ "$status" = "install ok installed" ]
}

if ! command -v dpkg-query >/dev/null; then
	echo "install-deps: not Debian; make sure that there are:" $packages >&2
	exit 0
fi

missing=
for package in $packages; do
	is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
	as_root=
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
	as_root="sudo -n"
else
	echo "install-deps: not root, and these are missing:$missing" >&2
	echo "install-deps: as root: apt-get install$missing" >&2
	exit 1
fi

echo "install-deps: installing$missing" >&2
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >&2
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
	--no-install-recommends install $missing >&2
