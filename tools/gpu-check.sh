#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds with CUDA, runs the tests that need a card, and the small ones again under compute-sanitizer.
# The last line counts: "N passed, N failed, N skipped"; a sanitizer's run counts as one test.
#
#     tools/gpu-check.sh BUILD [--all] [--no-sanitizer] [--build-only] [meson options]
#
# --all runs the whole test suite instead of the suite "cuda". Settings: LIBTORCH (a CUDA build;
# else python3's torch), MGEO_DEPS (tools/with-deps.sh), SANITIZE (programs below BUILD to run under
# memcheck and initcheck), SANITIZER_SECONDS (for one run), SANITIZER_ARGS.
set -u
cd "$(dirname "$0")/.." || exit 1

if [ -n "${MGEO_DEPS:-}" ] && [ -z "${MGEO_DEPS_READY:-}" ]; then
    exec env MGEO_DEPS_READY=1 tools/with-deps.sh "$0" "$@"
fi

build=${1:?usage: tools/gpu-check.sh BUILD [--all] [--no-sanitizer] [--build-only] [meson options]}
shift
suite=(--suite libmgeo:cuda)
sanitizer=yes
only_build=no
options=()
for argument; do
    case "$argument" in
    --all) suite=() ;;
    --no-sanitizer) sanitizer=no ;;
    --build-only) only_build=yes ;;
    *) options+=("$argument") ;;
    esac
done
passed=0 failed=0 skipped=0

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    exit
}

give_up() {
    echo "gpu-check: $*" >&2
    failed=$((failed + 1))
    finish
}

# Programs that lie where installers put them without a word to PATH.
find_programs() {
    local folder
    for folder in "${CUDA_HOME:-/usr/local/cuda}/bin" /usr/local/cuda/compute-sanitizer \
        "$(python3 -c 'import sysconfig; print(sysconfig.get_path("scripts"))' 2>/dev/null)"; do
        [ -d "$folder" ] && PATH="$PATH:$folder"
    done
    export PATH
}

# Debian's libtorch has no CUDA: python3's goes first here.
choose_libtorch() {
    [ -z "${LIBTORCH:-}" ] || return 0
    local folder
    folder=$(python3 -c 'import importlib.util as u, os
s = u.find_spec("torch")
print(os.path.dirname(s.origin) if s and s.origin else "")' 2>/dev/null)
    if [ -n "$folder" ] && [ -f "$folder/lib/libtorch_cuda.so" ]; then export LIBTORCH="$folder"; fi
}

has_packages() {
    pkg-config --exists libutf8proc jansson libxxhash cmocka zlib libzstd 2>/dev/null &&
        command -v meson >/dev/null && command -v ninja >/dev/null && command -v c++ >/dev/null
}

say_machine() {
    nvidia-smi --query-gpu=index,name,compute_cap,driver_version,memory.total --format=csv,noheader
    nvcc --version | tail -n 2 | head -n 1
    echo "libtorch: ${LIBTORCH:-as meson finds it}"
}

count_tests() {
    local output=$build/gpu-check.tests line
    mkdir -p "$build"
    tools/run-tests.sh "$build" "${suite[@]}" 2>&1 | tee "$output"
    line=$(tail -n 1 "$output")
    case "$line" in
    *' passed, '*' failed'*) ;;
    *) give_up 'the tests did not run' ;;
    esac
    passed=$((passed + $(sed -E 's/^([0-9]+) passed.*/\1/' <<<"$line")))
    failed=$((failed + $(sed -E 's/.* ([0-9]+) failed.*/\1/' <<<"$line")))
    [[ "$line" == *skipped ]] &&
        skipped=$((skipped + $(sed -E 's/.* ([0-9]+) skipped$/\1/' <<<"$line")))
    [ $((passed + failed)) -gt 0 ] || give_up 'no test of the suite ran'
}

# One program, with its arguments, under one tool. A run that outlasts its limit counts as failed:
# nothing is known of it.
sanitize() { # tool, program, arguments
    local from=$SECONDS status log tool=$1 program=$2
    shift 2
    log="$build/sanitizer-$tool-$(basename "$program").log"
    # shellcheck disable=SC2086  # a list of words
    timeout -k 10 "${SANITIZER_SECONDS:-120}" compute-sanitizer --tool "$tool" \
        --error-exitcode 99 ${SANITIZER_ARGS:-} "$build/$program" "$@" >"$log" 2>&1
    status=$?
    echo "compute-sanitizer $tool $program $*: status $status, $((SECONDS - from)) s:" \
        "$(grep -E 'ERROR SUMMARY|RACECHECK SUMMARY' "$log" | tail -n 1)"
    if [ "$status" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        [ "$status" -eq 124 ] && echo '  it outlasted its limit (SANITIZER_SECONDS)'
        tail -n 40 "$log"
    fi
}

sanitize_if_there() { # tool, program, arguments
    if ! command -v compute-sanitizer >/dev/null; then
        echo "compute-sanitizer is not here: $1 of $2 is skipped"
        skipped=$((skipped + 1))
    elif [ ! -x "$build/$2" ]; then
        echo "no $build/$2: $1 is skipped"
        skipped=$((skipped + 1))
    else
        sanitize "$@"
    fi
}

# The tensor cores' ways are in the second program: "small" is batches of a few rows, "hopper" Hopper's
# kernels for many. racecheck, which keeps a record of every access to shared memory, gets these alone.
run_sanitizers() {
    local program programs tool
    read -r -a programs <<<"${SANITIZE:-tests/backend/cuda/conformance_test}"
    for program in "${programs[@]}"; do
        sanitize_if_there memcheck "$program"
        sanitize_if_there initcheck "$program"
    done
    for tool in memcheck initcheck racecheck; do
        sanitize_if_there "$tool" tests/backend/cuda/encoder_test small
        sanitize_if_there "$tool" tests/backend/cuda/encoder_test hopper
    done
}

find_programs
choose_libtorch
if [ "$only_build" = no ]; then
    nvidia-smi -L >/dev/null 2>&1 || give_up 'nvidia-smi sees no card'
    say_machine
fi
has_packages || tools/bootstrap.sh check || give_up 'packages are missing'
tools/configure.sh "$build" full -Dcuda=enabled "${options[@]}" || give_up 'not configured'
ninja -C "$build" || give_up 'not built'
[ "$only_build" = no ] || exit 0
count_tests
[ "$sanitizer" = no ] || run_sanitizers
finish
