#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of a build folder; the last line counts them: "N passed, N failed[, N skipped]".
# Further arguments go to meson test.
set -u

build=$1
shift
log="$build/meson-logs/testlog.json"
rm -f "$log"
meson test -C "$build" --print-errorlogs "$@"
status=$?
if [ ! -f "$log" ]; then
    echo "0 passed, 1 failed"
    exit 1
fi
python3 - "$log" <<'PYTHON'
import json, sys

results = [json.loads(line)["result"] for line in open(sys.argv[1], encoding="utf-8")]
passed = sum(r in ("OK", "EXPECTEDFAIL") for r in results)
skipped = sum(r == "SKIP" for r in results)
line = f"{passed} passed, {len(results) - passed - skipped} failed"
print(line + (f", {skipped} skipped" if skipped else ""))
PYTHON
exit $status
