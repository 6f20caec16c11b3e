#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the tests of a build folder's last run, told in one line: "N passed, N failed[, N skipped]".

    tools/count-tests.py BUILD             after what failed, with the end of what it printed
    tools/count-tests.py BUILD --failed    only the names of what failed, for a second run
    tools/count-tests.py BUILD --steps N   N more failures beside the tests

A test that failed beside others and passed alone (the log "again" that tools/run-tests.sh makes) has passed, and is named."""
import argparse
import json
import pathlib
import sys

LINES = 25  # of each failed test's output


def read(path):
    if not path.exists():
        return {}
    tests = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {test["name"]: test for test in tests}


def passes(test):
    return test["result"] in ("OK", "EXPECTEDFAIL")


def fails(test):
    return not passes(test) and test["result"] != "SKIP"


def tell(test):
    print(f"---- {test['result']}: {test['name']} ({test['duration']:.0f} s)")
    printed = (test.get("stdout", "") + test.get("stderr", "")).splitlines()
    print("\n".join(f"     {line[:300]}" for line in printed[-LINES:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--failed", action="store_true")
    parser.add_argument("--steps", type=int, default=0)
    options = parser.parse_args()
    logs = options.build / "meson-logs"
    tests, again = read(logs / "testlog.json"), read(logs / "again.json")
    if options.failed:
        print("\n".join(name for name, test in tests.items() if fails(test)))
        return 0
    for name, test in again.items():
        if passes(test):
            print(f"---- {name}: failed beside others, passed alone")
            tests[name] = test
    failed = [test for test in tests.values() if fails(test)]
    for test in failed:
        tell(test)
    count = len(failed) + options.steps + (not tests)
    passed, skipped = (sum(map(of, tests.values())) for of in (passes, lambda test: test["result"] == "SKIP"))
    print(f"{passed} passed, {count} failed" + (f", {skipped} skipped" if skipped else ""))
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
