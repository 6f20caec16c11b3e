# SPDX-License-Identifier: Apache-2.0
"""mgeo-score under limits of address space and of data, from ample to hopeless: it scores, or ends with
one line and a status. It never hangs, and no signal ends it.

    memory_limit_test.py mgeo-score
"""
import resource
import subprocess
import sys

MB = 1 << 20
LIMITS = [1000, 400, 200, 120, 100, 90, 80, 70, 60, 50, 40, 30, 20]
PAIR = "杭州市西湖区文三路90号\t文三路90号\n"


def run(kind, limit):
    def restrict():
        resource.setrlimit(kind, (limit, limit))

    return subprocess.run([sys.argv[1], "--device", "cpu", "-q", "-"], input=PAIR.encode(), timeout=120,
                          capture_output=True, preexec_fn=restrict, check=False)


def problem_with(done):
    """What is wrong with how it ended, or None."""
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode < 0:
        return f"signal {-done.returncode}"
    if done.returncode == 0:
        return None if done.stdout.decode().startswith(PAIR.strip()) else "no answer"
    if done.returncode == 127:
        return None  # the loader itself had too little
    return None if len(lines) == 1 else f"{len(lines)} lines: {lines}"


def main():
    failed = False
    for kind, name in ((resource.RLIMIT_AS, "address space"), (resource.RLIMIT_DATA, "data")):
        scored = 0
        for megabytes in LIMITS:
            done = run(kind, megabytes * MB)
            problem = problem_with(done)
            scored += done.returncode == 0
            if problem is not None:
                failed = True
                print(f"{megabytes} MB of {name}: {problem}")
        print(f"{name}: {scored} of {len(LIMITS)} limits were enough")
        failed |= scored == 0 or scored == len(LIMITS)
    return failed


sys.exit(main())
