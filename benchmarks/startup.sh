#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the library costs before it has scored anything: start-up, size, and loading BERT-base.
#
#   benchmarks/startup.sh BUILD_DIR [BERT_BASE_DIR]
#
# BERT_BASE_DIR is what make_bert_base.py writes; its weights are read once before, so that they are in
# the page cache. The bars in brackets are for an idle machine with two cores.
set -eu
build=${1:?give the build directory}
bert=${2:-}
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

startup() { # program, arguments
    "$build/benchmarks/startup_bench" "$@"
}

best_load() { # precision; the fastest of three loads, each in a process of its own
    for _ in 1 2 3; do "$build/benchmarks/load_bench" "$bert" "$1" >"$folder/load" && {
        sed -n 's/.* loaded in \([0-9.]*\) s.*/\1/p' "$folder/load" | tr '\n' '\t'
        tail -n 1 "$folder/load"
    }; done | sort -n | head -n 1
}

grep -m 1 'model name' /proc/cpuinfo || uname -m
echo "$(nproc) cores, load average $(cut -d ' ' -f 1 /proc/loadavg)"

echo "mgeo-score --version (10 ms, 10 MB):"
startup "$build/cli/mgeo-score" --version

printf '%s\t%s\n' '杭州市西湖区文三路90号' '文三路90号东部软件园' >"$folder/one.tsv"
for precision in fp32 bf16 int8; do
    echo "a table of one pair, bundled model, $precision (60 ms):"
    startup "$build/cli/mgeo-score" -q -d cpu -p "$precision" -m "$here/models/mini" --header no "$folder/one.tsv"
done

library=$(find "$build/lib" -maxdepth 1 -type f -name 'libmgeo.so.*')
echo "shared libraries of libmgeo.so (10 lines): $(ldd "$library" | wc -l)"
echo "size of libmgeo.so: $(stat -c %s "$library") bytes"

if [ -n "$bert" ]; then
    cat "$bert/model.safetensors" >/dev/null
    echo "BERT-base from the page cache: seconds to load, and what is resident after 600 pairs"
    for precision in fp32 bf16 int8; do
        case "$precision" in
        fp32) bar=' (0.3 s)' ;;
        int8) bar=' (1.0 s, 0.35 of the file)' ;;
        *) bar= ;;
        esac
        echo "$precision$bar:"
        best_load "$precision"
    done
fi
