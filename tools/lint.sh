#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that is found without running a program: format, what tests/layers/ checks, the map, clang-tidy,
# and pointers that are not compared with NULL.
#
#     tools/lint.sh BUILD [CUDA_BUILD] [-- FILE ...]
#
# The build folders are configured for clang and say how files are compiled; of what is in them only the
# generated headers are built. FILE: clang's checks look at these alone. Fails if anything is found.
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

# A binding is compiled where its language's toolchain is.
files_of() { # build folder, which files: as tools/sources.sh names them
    tools/sources.sh "$2" | if [ ${#wanted[@]} -eq 0 ]; then cat; else grep -Fx "$(printf '%s\n' "${wanted[@]}")"; fi |
        while read -r file; do
            case $file in bindings/*) grep -q "\"file\": \".*/$file\"" "$1/compile_commands.json" || continue ;; esac
            printf '%s\n' "$file"
        done
}

generate() { # build folder
    ninja -C "$1" --quiet include/mgeo_abi_sizes.h
}

# One file per call: clang-tidy 14 confuses itself over several.
tidy() { # build folder, which files
    files_of "$1" "$2" | xargs -r -P "$(nproc)" -n 1 clang-tidy -p "$1" --quiet 2>/dev/null
}

# clang-query succeeds whatever it finds. What another project's macro does with a pointer is not ours.
pointers() { # build folder, which files
    files_of "$1" "$2" | xargs -r -P "$(nproc)" -n 40 clang-query -p "$1" -f tools/pointers.query 2>&1 |
        awk -v ours="$PWD/" '
            function tell() { if (found && !foreign) { printf "%s", block; bad = 1 } block = ""; found = foreign = 0 }
            /^Match #/ { tell(); next }
            /^[0-9]+ matches\.$/ { tell(); seen = 1; next }
            / error: |^[0-9]+:[0-9]+: Error/ { print; bad = 1 }
            / note: "compare with NULL" binds here/ { found = 1 }
            / expanded from macro / && substr($0, 1, length(ours)) != ours && /^\// { foreign = 1 }
            { if ($0 != "") block = block $0 "\n" }
            END { tell(); exit bad || !seen }'
}

check 'format' tools/format.sh --check
for checker in tests/layers/check_*.py; do
    check "$(basename "$checker" .py)" python3 "$checker" .
done
check 'map' tools/make-map.py --check
check 'generated headers' generate "$build"
check 'clang-tidy' tidy "$build" host-code
check 'pointers' pointers "$build" host
if [ -n "$cuda_build" ]; then
    check 'generated headers, CUDA' generate "$cuda_build"
    check 'clang-tidy, CUDA' tidy "$cuda_build" cuda-code
    check 'pointers, CUDA' pointers "$cuda_build" cuda
fi
[ ${#failed[@]} -eq 0 ]
