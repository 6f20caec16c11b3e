#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that is found without running a program: format, layers, house style, clang-tidy, and pointers
# that are not compared with NULL.
#
#     tools/lint.sh BUILD [CUDA_BUILD] [-- FILE ...]
#
# The build folders are configured for clang and say how files are compiled; nothing in them need be
# built. FILE: clang's checks look at these alone. Fails if anything is found.
set -u
cd "$(dirname "$0")/.." || exit 1

build=${1:?usage: tools/lint.sh BUILD [CUDA_BUILD] [-- FILE ...]}
shift
cuda_build=
if [ $# -gt 0 ] && [ "$1" != -- ]; then
    cuda_build=$1
    shift
fi
[ "${1:-}" = -- ] && shift
wanted=("$@")
failed=()

check() { # name, command ...
    local name=$1
    shift
    if "$@"; then echo "lint: $name: good"; else
        echo "lint: $name: FAILED" >&2
        failed+=("$name")
    fi
}

files_of() { # host|cuda
    if [ ${#wanted[@]} -eq 0 ]; then tools/sources.sh "$1"; else
        tools/sources.sh "$1" | grep -Fx "$(printf '%s\n' "${wanted[@]}")"
    fi
}

# One file per call: clang-tidy 14 confuses itself over several.
tidy() { # build folder, host|cuda
    files_of "$2" | xargs -r -P "$(nproc)" -n 1 clang-tidy -p "$1" --quiet 2>/dev/null
}

# clang-query succeeds whatever it finds.
pointers() { # build folder, host|cuda
    local said
    said=$(files_of "$2" | xargs -r -P "$(nproc)" -n 40 clang-query -p "$1" -f tools/pointers.query 2>&1) || {
        printf '%s\n' "$said" >&2
        return 1
    }
    ! printf '%s\n' "$said" | grep -A 2 -E '(note|error): ' >&2
}

check 'format' tools/format.sh --check
check 'layers' python3 tests/layers/check_layers.py .
check 'style' python3 tests/layers/check_style.py .
check 'map' python3 tools/make-map.py --check
check 'clang-tidy' tidy "$build" host
check 'pointers' pointers "$build" host
if [ -n "$cuda_build" ]; then
    check 'clang-tidy, CUDA' tidy "$cuda_build" cuda
    check 'pointers, CUDA' pointers "$cuda_build" cuda
fi
[ ${#failed[@]} -eq 0 ]
