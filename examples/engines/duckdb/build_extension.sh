#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds mgeo.duckdb_extension from mgeo_extension.c: build_extension.sh HEADERS OUTPUT
# HEADERS is the folder of duckdb_extension.h and duckdb.h: src/include of DuckDB's sources, which are in duckdb's sdist too
# (pip download --no-binary duckdb duckdb). libmgeo is found by pkg-config. OUTPUT must be called mgeo.duckdb_extension.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: build_extension.sh HEADERS OUTPUT" >&2; exit 2; }
headers=$1 output=$2
[ -e "$headers/duckdb_extension.h" ] || { echo "build_extension.sh: no duckdb_extension.h in $headers" >&2; exit 1; }
platform=$(uname -s | tr '[:upper:]' '[:lower:]')_$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')

read -ra flags <<<"$(pkg-config --cflags --libs libmgeo) -Wl,-rpath,$(pkg-config --variable=libdir libmgeo)"
"${CC:-cc}" -std=c11 -O2 -Wall -fPIC -shared -fvisibility=hidden -I"$headers" -o "$output" \
    "$(dirname "$0")/mgeo_extension.c" "${flags[@]}"

# What DuckDB reads from the last 534 bytes: 22 that open a section of WebAssembly, eight fields of 32 from the last to the
# first, and 256 for a signature, which an unsigned extension leaves empty.
field() { printf '%s' "$1" && head -c $((32 - ${#1})) /dev/zero; }
{
    printf '\0\223\004\020duckdb_signature\200\004'
    field "" && field "" && field "" && field C_STRUCT && field 0.2.0 && field v1.2.0 && field "$platform" && field 4
    head -c 256 /dev/zero
} >>"$output"
