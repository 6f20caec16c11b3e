#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Names the sources of the tree, one a line: sources.sh all|host|cuda. "all" is what is formatted; "host" and
# "cuda" are what clang-tidy reads, with the commands of a build without and with CUDA.
set -eu
cd "$(dirname "$0")/.."

# New files count before they are added; a tree that came as an archive has no git.
list() { # pathspecs
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard -- "$@"
    else
        find include lib cli examples benchmarks tests -type f
    fi | sort -u | while read -r file; do
        if [ -f "$file" ]; then printf '%s\n' "$file"; fi
    done
}

case "${1:-}" in
all) list '*.c' '*.h' '*.cpp' '*.cu' '*.cuh' | grep -E '\.(c|h|cpp|cu|cuh)$' ;;
host) list '*.c' | grep -E '^(lib|cli|examples)/.*\.c$' | grep -v '^lib/backend/cuda/' ;;
cuda) list '*.c' | grep -E '^lib/backend/cuda/.*\.c$' ;;
*)
    echo "usage: tools/sources.sh all|host|cuda" >&2
    exit 2
    ;;
esac
