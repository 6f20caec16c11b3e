#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Names the sources of the tree, one a line: sources.sh all|host|cuda|host-code|cuda-code. "all" is what is
# formatted; "host" and "cuda" are the C files that a build without and with CUDA compiles; of these,
# "host-code" and "cuda-code" leave tests and benchmarks out. Kernels for other processors are none of them.
set -eu
cd "$(dirname "$0")/.."

# New files count before they are added; a tree that came as an archive has no git.
list() { # pathspecs
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard -- "$@"
    else
        find include lib cli examples bindings benchmarks tests tools -type f
    fi | sort -u | while read -r file; do
        if [ -f "$file" ]; then printf '%s\n' "$file"; fi
    done
}

# What another program's own build compiles, against its headers.
elsewhere='^examples/engines/(postgresql|duckdb)/|^bindings/(r|ruby)/|^benchmarks/bindings/'
elsewhere="$elsewhere|^tools/wheels/"
cuda_only='^(lib|tests)/backend/cuda/|^benchmarks/gpu/encoder_gpu_bench'
code='^(lib|cli|examples|bindings)/'
case "$(uname -m)" in
x86_64) foreign='/kernels/[a-z0-9_]*neon' ;;
*) foreign='/kernels/[a-z0-9_]*amx' ;;
esac

case "${1:-}" in
all) list '*.c' '*.h' '*.cpp' '*.hpp' '*.cu' '*.cuh' | grep -E '\.(c|h|cpp|hpp|cu|cuh)$' ;;
host) list '*.c' | grep -E '\.c$' | grep -Ev "$cuda_only|$foreign|$elsewhere" ;;
cuda) list '*.c' | grep -E '\.c$' | grep -E "$cuda_only" ;;
host-code) tools/sources.sh host | grep -E "$code" ;;
cuda-code) tools/sources.sh cuda | grep -E "$code" ;;
*)
    echo "usage: tools/sources.sh all|host|cuda|host-code|cuda-code" >&2
    exit 2
    ;;
esac
