#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the SPIN model of the swap: the sound one must pass, every broken one must fail.

run_spin.py MODEL COMPILER...   exit status 77: SPIN is not installed
"""

import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

# A variant's name is its -D option; each breaks slots.pml in one place.
BROKEN = (
    "NO_SECOND_LOOK",
    "LOOK_AT_LIVE",
    "COUNT_LATE",
    "UNPIN_OTHER",
    "HOLD_EMPTYING",
    "HOLD_WITHOUT_MUTEX",
    "NO_DRAIN",
    "ONE_STRIPE",
    "EMPTY_UNDER_SHARE",
    "TURN_EMPTYING",
    "SHARE_EMPTYING",
    "TURN_BACK_BLINDLY",
)
SAFETY = ["-DSAFETY", "-O2"]
SOON = ["-DSAFETY"]  # an error ends the search: it is the compiler that takes the time
# Fairness costs states, so it is looked at with smaller bounds.
SMALL = ["-DLIVENESS", "-DMOST=3", "-DLOADS=2"]
LIVENESS = ["-DNFAIR=4", "-O2"]
ENDS = ["-a", "-f", "-A"]  # cycles, fair ones, whatever the assertions say


def run(command, folder):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=300, check=False)
    return done.returncode, done.stdout


def must(command, folder):
    status, output = run(command, folder)
    if status != 0:
        raise SystemError(f"{' '.join(command)}: status {status}\n{output}")


def search(model, compiler, bounds, compiled, asked):
    """What pan says, and how many errors it found; a search that was cut short is a failure."""
    with tempfile.TemporaryDirectory() as folder:
        must(["spin", "-a", *bounds, model], folder)
        must([*compiler, "-w", "-DCOLLAPSE", *compiled, "-o", "pan", "pan.c"], folder)
        _, output = run(["./pan", "-m400000", *asked], folder)
    errors = re.search(r"errors: (\d+)", output)
    cut = re.search(r"max search depth too small|out of memory|hint:", output)
    if errors is None or cut is not None:
        raise SystemError(f"{bounds}: pan did not search to the end\n{output}")
    return output, int(errors.group(1))


def states(output):
    return re.search(r"(\d+) states, stored", output).group(1)


def check_sound(model, compiler, name, bounds, compiled, asked):
    output, errors = search(model, compiler, bounds, compiled, asked)
    print(f"{name}: {states(output)} states, {errors} errors", flush=True)
    if errors != 0:
        print(output)
    # A part of the model that is never reached proves nothing.
    idle = [line for line in output.splitlines()
            if re.search(r"slots\.pml:\d+, state", line) and '"-end-"' not in line]
    if not asked and idle:
        print("never reached:", *idle, sep="\n")
        return False
    return errors == 0


def check_broken(model, compiler, variant, bounds, compiled, asked, sign):
    output, errors = search(model, compiler, [f"-D{variant}", *bounds], compiled, asked)
    found = re.search(sign + r"[^\n]*", output)
    print(f"{variant}: {found.group(0) if found else 'NOT FOUND'}", flush=True)
    if found is None or errors == 0:
        print(output)
    return found is not None and errors > 0


def main():
    model, compiler = sys.argv[1], sys.argv[2:]
    if shutil.which("spin") is None or "Spin Version" not in run(["spin", "-V"], ".")[1]:
        print("skipped: SPIN is not installed (Debian's package is spin)")
        sys.exit(77)
    checks = [(check_sound, "slots are safe", [], SAFETY, []),
              (check_sound, "drains end", SMALL, LIVENESS, ENDS)]
    checks += [(check_broken, variant, [], SOON, [], "assertion violated") for variant in BROKEN]
    # A canary's calls keep coming to a slot that is drained under its share.
    checks.append((check_broken, "EMPTY_UNDER_SHARE", SMALL, LIVENESS, ENDS, "acceptance cycle"))
    with ThreadPoolExecutor(2) as pool:
        good = list(pool.map(lambda check: check[0](model, compiler, *check[1:]), checks))
    print(f"{sum(good)} of {len(good)} as they must be")
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
