#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Finds Apache Arrow's C++ libraries with Parquet and prints what meson.build needs of them as lines of
# key=value: origin, libdir, version, compile and link (once for each argument).
# Order: the folder given as $1, pkg-config, the pyarrow of the Python $2. Exit status 1: there is none;
# 2: a folder was named that is none.
set -eu

LEAST=21 # older ones lack functions that are called

fail() { # exit status, line
    status=$1
    shift
    printf '%s\n' "$*" >&2
    exit "$status"
}

version_of() { # include folder
    sed -n 's/^#define ARROW_VERSION_STRING "\(.*\)"/\1/p' "$1/arrow/util/config.h"
}

is_new_enough() { # version
    [ "${1%%.*}" -ge "$LEAST" ] 2>/dev/null
}

# libNAME.so, or where only the file with a number is there, as in a wheel, that.
library() { # folder, name
    for file in "$1/lib$2.so" "$1/lib$2.so."*; do
        [ -f "$file" ] && { echo "$file"; return; }
    done
    return 1
}

# Some builds have the old std::string: our C++ must be compiled to match.
string_abi_of() { # libarrow
    if grep -aq __cxx11 "$1"; then
        echo -D_GLIBCXX_USE_CXX11_ABI=1
    else
        echo -D_GLIBCXX_USE_CXX11_ABI=0
    fi
}

describe_files() { # origin, include folder, folder of libraries
    [ -f "$2/arrow/api.h" ] && [ -f "$2/parquet/arrow/reader.h" ] || return 1
    arrow=$(library "$3" arrow) && parquet=$(library "$3" parquet) || return 1
    version=$(version_of "$2")
    is_new_enough "$version" || return 1
    printf 'origin=%s\nlibdir=%s\nversion=%s\n' "$1" "$3" "$version"
    printf 'compile=%s\n' -isystem "$2" "$(string_abi_of "$arrow")"
    printf 'link=%s\n' "$arrow" "$parquet" "-Wl,-rpath,$3"
}

describe_root() { # origin, folder as "make install" or a wheel lays it out
    [ -d "$1" ] || return 1
    root=$(cd "$1" && pwd)
    for folder in "$root/lib" "$root/lib64" "$root/lib/$(${CC:-cc} -dumpmachine 2>/dev/null || true)" "$root"; do
        describe_files "$2" "$root/include" "$folder" && return
    done
    return 1
}

describe_package() {
    pkg-config --exists "arrow >= $LEAST" "parquet >= $LEAST" 2>/dev/null || return 1
    libdir=$(pkg-config --variable=libdir parquet)
    printf 'origin=%s\nlibdir=%s\nversion=%s\n' pkg-config "$libdir" "$(pkg-config --modversion arrow)"
    for word in $(pkg-config --cflags arrow parquet); do
        printf 'compile=%s\n' "$word"
    done
    for word in $(pkg-config --libs arrow parquet) "-Wl,-rpath,$libdir"; do
        printf 'link=%s\n' "$word"
    done
}

if [ -n "${1:-}" ]; then
    describe_root "$1" "-Darrow_root" ||
        fail 2 "-Darrow_root=$1 is no Arrow $LEAST or newer with Parquet: it needs include/arrow/api.h," \
            "include/parquet/arrow/reader.h and libarrow.so and libparquet.so in it or in lib/"
    exit 0
fi
describe_package && exit 0
wheel=$("${2:-python3}" -c 'import importlib.util as u, os
s = u.find_spec("pyarrow")
print(os.path.dirname(s.origin) if s and s.origin else "")' 2>/dev/null || true)
if [ -n "$wheel" ] && describe_root "$wheel" "${2:-python3}'s pyarrow"; then
    exit 0
fi
fail 1 "No Arrow $LEAST or newer with Parquet found. Give one of these three, looked for in this order:" \
    "-Darrow_root=DIR (not given); what pkg-config knows as arrow and parquet (from apache.jfrog.io or" \
    "conda-forge: libarrow-dev, libparquet-dev); the pyarrow of ${2:-python3} (pip install pyarrow; -Dpython=PATH" \
    "names another Python). Or configure with -Darrow=disabled."
