#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds docs/architecture.md to the order of locks in lib/core/lock.h, and lib/ to those locks."""
import pathlib
import re
import sys

ENTRY = re.compile(r'^\s*LOCK\(\w+, "([^"]+)", "([^"]+)"\)', re.M)
ROW = re.compile(r"^\| (\d+) \| ([^|]+?) \| ([^|]+?) \|$", re.M)
# Kernels know nothing of libmgeo, so their one mutex stands outside the order.
OUTSIDE = ("lib/core/lock.h", "lib/core/lock.c", "lib/backend/cuda/kernels/")


def compare(header, document):
    """The differences between the list in the code and the table in the document."""
    code = ENTRY.findall(header)
    table = ROW.findall(document)
    if len(code) < 2:
        return ["lib/core/lock.h: no list of locks was found"]
    rows = [(name, guards) for _, name, guards in table]
    numbers = [int(number) for number, _, _ in table]
    problems = []
    if rows != code:
        problems = [f"only in lib/core/lock.h: {entry}" for entry in code if entry not in rows]
        problems += [f"only in docs/architecture.md: {row}" for row in rows if row not in code]
        problems = problems or ["docs/architecture.md has the locks in another order"]
    if numbers != list(range(1, len(numbers) + 1)):
        problems.append(f"docs/architecture.md numbers its locks {numbers}")
    return problems


def find_bare_mutexes(root):
    problems = []
    for path in sorted((root / "lib").rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.suffix not in (".c", ".h", ".cpp", ".cu", ".cuh") or name.startswith(OUTSIDE):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"pthread_(mutex|rwlock|spin)_|pthread_cond_(timed)?wait|std::mutex", line):
                problems.append(f"{name}:{number}: a lock that is not an mgi_lock has no rank")
    return problems


def self_test():
    code = '    LOCK(A, "a", "first")  \\\n    LOCK(B, "b", "second")\n'
    good = "| 1 | a | first |\n| 2 | b | second |\n"
    turned = "| 1 | b | second |\n| 2 | a | first |\n"
    assert not compare(code, good)
    for bad in (turned, good.replace("second", "third"), good.replace("| 2", "| 3"), good[:16], ""):
        assert compare(code, bad), bad
    assert compare("", good)


def main():
    self_test()
    root = pathlib.Path(sys.argv[1])
    header = (root / "lib/core/lock.h").read_text(encoding="utf-8")
    document = (root / "docs/architecture.md").read_text(encoding="utf-8")
    problems = compare(header, document) + find_bare_mutexes(root)
    print("\n".join(problems) or "the order of locks is one and the same")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
