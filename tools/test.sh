#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the tests whose names match: test.sh BUILD [NAME [meson test options]]. Without NAME it
# lists them. NAME is a name ("engine/job"), a part of one ("journal"), or parts with / between, with
# whatever folders in the middle: engine/swap runs engine/rollout/swap.
set -eu

build=$1
shift
names=$(python3 - "$build" "${1:-}" <<'PYTHON'
import json, re, subprocess, sys

build, wanted = sys.argv[1:]
tests = json.loads(subprocess.check_output(["meson", "introspect", build, "--tests"]))
names = [test["name"] for test in tests]
start = "(?:^|/)" if "/" in wanted else ""
pattern = re.compile(start + ".*/".join(re.escape(part) for part in wanted.split("/")))
found = [name for name in names if name == wanted] or [name for name in names if pattern.search(name)]
print("\n".join(dict.fromkeys(found)))
PYTHON
)
if [ $# -eq 0 ] || [ -z "$1" ]; then
    echo "$names"
    exit 0
fi
if [ -z "$names" ]; then
    echo "test: no test's name matches '$1'; \`make test\` lists them" >&2
    exit 1
fi
shift
# shellcheck disable=SC2086  # no test has a space in its name
exec "$(dirname "$0")/run-tests.sh" "$build" "$@" $names
