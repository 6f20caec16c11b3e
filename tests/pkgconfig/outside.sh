#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs into a folder of its own, then builds and runs outside.c against that: C and C++, shared
# and static. Needs SOURCE and BUILD, the prefix as configured, and the library folder below it.
set -eu

source=$1
build=$2
prefix=$3
libdir=$4
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

DESTDIR="$stage" meson install -C "$build" --no-rebuild --quiet
root="$stage$prefix"
export PKG_CONFIG_PATH="$root/$libdir/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
pc() { pkg-config --define-variable=prefix="$root" "$@" libmgeo; }

version=$(sed -n 's/^#define MGEO_VERSION "\(.*\)"/\1/p' "$source/include/mgeo.h")
[ "$(pc --modversion)" = "$version" ] || { echo "versions differ"; exit 1; }
model="$(pc --variable=models)/mini"
[ -f "$model/model.safetensors" ] || { echo "no model in $model"; exit 1; }
for variable in ffi_header description; do
    file=$(pc --variable=$variable)
    grep -q mgeo_engine_create "$file" || { echo "$variable: no binding in $file"; exit 1; }
done

# Nothing of the library is C++: whoever builds it need not have such a compiler.
cxx=${CXX:-c++}
has_cxx() {
    command -v "${cxx%% *}" >/dev/null || { echo "no ${cxx%% *}: not built as C++"; return 1; }
}

build_and_run() { # name, compiler command, further pkg-config arguments
    # shellcheck disable=SC2046,SC2086  # lists of words
    $2 "$source/tests/pkgconfig/outside.c" $(pc --cflags $3) -o "$stage/$1" $(pc --libs $3)
    echo "$1: $(LD_LIBRARY_PATH="$root/$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$stage/$1" "$model")"
}

flags="-Wall -Wextra -Werror -pedantic"
build_and_run c-shared "${CC:-cc} -std=c11 $flags" ""
! has_cxx || build_and_run c++-shared "$cxx -std=c++17 $flags -x c++" ""
# shellcheck disable=SC2046,SC2086  # lists of words
! has_cxx || echo '#include <mgeo.hpp>' | $cxx -std=c++17 $flags $(pc --cflags) -fsyntax-only -x c++ -

# With only the archive there, -lmgeo takes it, and pkg-config must name all it needs.
rm "$root/$libdir"/libmgeo.so*
build_and_run c-static "${CC:-cc} -std=c11 $flags" --static
! has_cxx || build_and_run c++-static "$cxx -std=c++17 $flags -x c++" --static
