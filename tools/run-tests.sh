#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of a build folder; the last line counts them: "N passed, N failed[, N skipped]".
# Where a few failed they run once more, alone: machines are shared, and a test that waits for another
# program may wait too long. Such a test is named at the end. Further arguments go to meson test.
set -u

build=$1
shift
here=$(dirname "$0")
few=6
rm -f "$build/meson-logs/testlog.json" "$build"/meson-logs/again*
# Limits of time are for what hangs: four times as long on a machine that others use too.
if ! meson test -C "$build" --print-errorlogs --timeout-multiplier 4 "$@"; then
    failed=$("$here/count-tests.py" "$build" --failed)
    count=$(printf '%s\n' "$failed" | grep -c .)
    if [ "$count" -ge 1 ] && [ "$count" -le "$few" ]; then
        printf '\n%s\n' "Again, alone: $(printf '%s' "$failed" | tr '\n' ' ')"
        printf '%s\n' "$failed" | xargs meson test -C "$build" --no-rebuild --num-processes 1 --timeout-multiplier 10 \
            --logbase again
    fi
fi
"$here/count-tests.py" "$build"
