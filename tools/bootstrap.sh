#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that a goal needs and that are missing; does nothing when all are
# there. Goals: demo (build and run), check (and test), lint (and clang's checks), dev (all of it, for
# .ci/run; on Debian for amd64 with the next), aarch64 (build for it here, and run that by qemu), format (the
# formatter alone), bindings (the toolchains of other languages and of packages, and the engines of examples/engines
# that Debian has; tools/test-venv.sh makes a Python with the rest). libtorch is what the tests hold the CPU backend to, and what
# device "torch" computes with; the library and its programs need none.
set -eu

# node-llhttp is C sources of a parser, and brings no Node.js. prometheus brings promtool, and a server that
# starts by itself, as nginx and haproxy do; chromium, for the console's test, is 120 MB to fetch and 400 MB
# installed: not for those who only check.
goal=${1:-check}
build="gcc libc6-dev make meson ninja-build pkgconf libutf8proc-dev libjansson-dev
libxxhash-dev zlib1g-dev libzstd-dev node-llhttp"
check="$build cmake g++ libcmocka-dev python3 python3-cffi luajit binutils gzip zstd spin"
lint="$check git clang clang-tidy clang-format clang-tools"
# libnode-dev alone would bring Node.js of another architecture, where apt knows one.
languages="golang-go openjdk-17-jdk-headless nodejs npm libnode-dev node-typescript r-base-core ruby ruby-dev mono-mcs
mono-runtime valgrind python3-venv"
engines="postgresql-15 postgresql-server-dev-15 parallel slurm-wlm munge"
packages="dpkg-dev debhelper lintian fakeroot mmdebstrap man-db mandoc zsh fish"
aarch64="gcc-aarch64-linux-gnu qemu-user-static"
for package in libutf8proc-dev libjansson-dev libxxhash-dev zlib1g-dev libzstd-dev libcmocka-dev; do
    aarch64="$aarch64 $package:arm64"
done
# A toolchain of another kind does as well.
command -v cargo >/dev/null 2>&1 || languages="$languages cargo"
command -v npm >/dev/null 2>&1 && languages=$(printf '%s' "$languages" | sed 's/nodejs npm //')
native=$(dpkg --print-architecture 2>/dev/null || true)
is_debian() { grep -qx 'ID=debian' /etc/os-release 2>/dev/null; }
case "$goal" in
demo) wanted="$build" ;;
check) wanted="$check" ;;
lint) wanted="$lint" ;;
dev)
    wanted="$lint php-cli prometheus nginx haproxy curl chromium $packages"
    # Others keep arm64's packages elsewhere, and apt has to be told where.
    if [ "$native" = amd64 ] && is_debian; then wanted="$wanted $aarch64"; fi
    ;;
aarch64) wanted="make meson ninja-build pkgconf python3 node-llhttp $aarch64" ;;
format) wanted="git clang-format" ;;
bindings) wanted="$check $languages $engines" ;;
*)
    echo "usage: tools/bootstrap.sh [demo|check|lint|dev|aarch64|format|bindings]" >&2
    exit 2
    ;;
esac
# A libtorch of the caller's own makes Debian's needless.
case "$goal:${LIBTORCH:-}" in
check: | lint: | dev:) wanted="$wanted libtorch-dev libopenblas0-openmp" ;;
esac

# A name says which architecture it means, or means this one.
is_installed() {
    case "$1" in
    *:*) architecture=${1#*:} ;;
    *) architecture=$native ;;
    esac
    # An older name may provide it: pkgconf is "pkg-config" in some releases.
    dpkg-query -W -f '${Status} ${Architecture}\n' "${1%:*}" 2>/dev/null |
        grep -Eqx "install ok installed ($architecture|all)"
}

# Elsewhere the tools may be there without Debian's packages; meson names what it misses.
if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "bootstrap: this is no Debian, so nothing is installed here. Needed are:" $wanted >&2
    exit 0
fi

missing=
for package in $wanted; do
    is_installed "$package" || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "bootstrap: everything is there"
    exit 0
fi

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
else
    echo "bootstrap: not root and no sudo. As root, run: apt-get install$missing" >&2
    exit 1
fi

echo "bootstrap: installing$missing"
case "$missing" in
*:arm64*)
    dpkg --print-foreign-architectures | grep -qx arm64 || $as_root dpkg --add-architecture arm64
    ;;
esac
# sudo drops the environment: hand the setting over by env.
install="$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends"
# The package lists of a fresh machine are empty: fetch them, then try again.
$install $missing ||
    { $as_root apt-get update -q && $install $missing; } ||
    { echo "bootstrap: apt-get could not install$missing" >&2; exit 1; }
