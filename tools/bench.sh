#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the benchmarks that a change is compared by, one after another, about a minute in all:
# bench.sh BUILD [text|encoder|engine|pipeline|metrics ...]. Wants a machine that does nothing else.
set -eu

build=$1
shift
if [ $# -eq 0 ]; then set -- text encoder pipeline metrics; fi

run() { # program, arguments
    printf '\n==== %s\n' "$*"
    program=$1
    shift
    ninja -C "$build" --quiet "benchmarks/$program"
    "$build/benchmarks/$program" "$@"
}

for name; do
    case "$name" in
    text) run text_bench ;;                            # texts to token ids
    encoder) run encoder_bench --cpu all ;;            # the encoder against its products alone
    engine) run engine_bench ;;                        # what the row queue costs
    pipeline) run pipeline_overhead_bench '' 1 ;;      # everything around the encoder
    metrics) run metrics_overhead_bench ;;             # what counting costs
    *)
        echo "bench: no benchmark '$name': text, encoder, engine, pipeline, metrics" >&2
        exit 2
        ;;
    esac
done
