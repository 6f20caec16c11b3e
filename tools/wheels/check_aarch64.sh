#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the library of a wheel for aarch64 by qemu's user mode, as a processor that has everything the kernels know and
# as one that has nothing of it: a program of our own scores the example pairs with each precision.
#
#     tools/wheels/check_aarch64.sh WHEEL
#
# Needs qemu-aarch64-static, and gcc-aarch64-linux-gnu with libc6:arm64 (tools/bootstrap.sh aarch64). Exits with 77
# where one of them is missing.
set -eu
cd "$(dirname "$0")/../.."

[ $# -eq 1 ] && [ -f "$1" ] || {
    echo "usage: tools/wheels/check_aarch64.sh WHEEL" >&2
    exit 2
}
wheel=$(readlink -f "$1")
for program in qemu-aarch64-static aarch64-linux-gnu-gcc; do
    command -v "$program" >/dev/null || {
        echo "skipped: no $program"
        exit 77
    }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m zipfile -e "$wheel" "$folder"
aarch64-linux-gnu-gcc -std=c11 -Wall -Wextra -Werror -O1 -Iinclude tools/wheels/check_library.c \
    -o "$folder/check" "$folder/mgeo/lib/libmgeo.so.0" -lm

run() { # processor, most instructions, precision, what it must compute with
    told=$(LD_LIBRARY_PATH="$folder/mgeo/lib" MGEO_CPU_ISA="$2" \
        qemu-aarch64-static -cpu "$1" "$folder/check" "$folder/mgeo/models/mini" "$3") || return 1
    echo "$1: $told"
    case "$told" in
    *"$4"*) ;;
    *)
        echo "check_aarch64: on $1 $3 is not computed with $4" >&2
        exit 1
        ;;
    esac
}

run max bf16 fp32 'fp32'
run max bf16 bf16 'bf16'
run max bf16 int8 'i8mm'
run max dotprod int8 'dot'
run cortex-a57 bf16 int8 'int8'
