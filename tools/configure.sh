#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sets up a build folder, or brings one up to date: configure.sh BUILD small|full [meson options].
# "small" leaves tests, benchmarks and, unless LIBTORCH names one, the module on libtorch out of a new
# folder; "full" builds all.
set -eu

build=$1
extent=$2
shift 2

case "$extent" in
full) set -- -Dtests=true -Dexamples=true -Dbench=true -Dtorch=auto "$@" ;;
small)
    if [ ! -f "$build/build.ninja" ]; then
        [ -n "${LIBTORCH:-}" ] || set -- -Dtorch=disabled "$@"
        set -- -Dtests=false -Dexamples=false -Dbench=false "$@"
    fi
    ;;
*)
    echo "usage: tools/configure.sh BUILD small|full [meson options]" >&2
    exit 2
    ;;
esac

# Where Debian keeps libraries, meson asks dpkg-architecture, which only dpkg-dev brings: without it they would go
# where neither pkg-config nor the loader looks.
case " $* " in
*libdir=* | *--cross-file*) ;;
*)
    if [ -f /etc/debian_version ] && ! command -v dpkg-architecture >/dev/null 2>&1; then
        triplet=$(cc -print-multiarch 2>/dev/null || gcc -print-multiarch 2>/dev/null || true)
        [ -z "$triplet" ] || set -- "-Dlibdir=lib/$triplet" "$@"
    fi
    ;;
esac

# meson would not notice another libtorch in the environment, nor options that stayed the same.
wish="${LIBTORCH:-} $*"
if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" "$@"
elif [ "$(cat "$build/.wish" 2>/dev/null || true)" != "$wish" ]; then
    meson setup --reconfigure "$build" "$@"
fi
printf '%s\n' "$wish" >"$build/.wish"
