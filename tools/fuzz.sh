#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Searches for inputs that break a reader of foreign bytes: make fuzz [T=NAME] [SECONDS=60].
#   tools/fuzz.sh BUILD SECONDS [NAME]
# Without a name every target has its turn. What is found new lies in BUILD/corpus/NAME and is begun
# from the next time; an input that breaks something is written to BUILD/findings/NAME-… and told.
# FUZZ_JOBS=N: N processes search at once for one target.
set -eu
build=$1 seconds=$2 name=${3:-}
here=$(cd "$(dirname "$0")/.." && pwd)

if ! command -v clang >/dev/null 2>&1; then
    echo 'fuzz: libFuzzer comes with clang, which is not here' >&2
    exit 2
fi
CC=clang CXX=clang++ "$here/tools/configure.sh" "$build" full -Dfuzz=true -Dtorch=disabled -Dcuda=disabled \
    -Dbench=false -Dexamples=false -Dbuildtype=debug -Doptimization=1 -Db_sanitize=address,undefined \
    -Db_lundef=false -Dc_args='-fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined' >/dev/null
all=$(cd "$here/tests/fuzz/corpus" && ls)
if [ -n "$name" ] && ! [ -d "$here/tests/fuzz/corpus/$name" ]; then
    echo "fuzz: no target is called $name; there are:" $all >&2
    exit 2
fi
[ -n "$name" ] || name=$all
targets=
for target in $name; do targets="$targets tests/fuzz/${target}_fuzz"; done
# shellcheck disable=SC2086 # a list
ninja -C "$build" $targets >/dev/null

mkdir -p "$build/findings"
failed=
for target in $name; do
    mkdir -p "$build/corpus/$target"
    echo "fuzz: $target, $seconds s"
    if ! "$build/tests/fuzz/${target}_fuzz" "$build/corpus/$target" "$here/tests/fuzz/corpus/$target" \
        -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=1024 -timeout=20 -use_value_profile=1 \
        -artifact_prefix="$build/findings/$target-" -fork="${FUZZ_JOBS:-1}" >"$build/$target.log" 2>&1; then
        failed="$failed $target"
        grep -E 'ERROR|SUMMARY|fuzz.c:|Test unit written' "$build/$target.log" >&2 || tail -5 "$build/$target.log" >&2
    fi
    grep -E '^#[0-9]+' "$build/$target.log" | tail -1
done
[ -z "$failed" ] || echo "fuzz: findings in$failed; the logs and inputs are in $build" >&2
[ -z "$failed" ]
