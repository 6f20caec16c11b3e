#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the commands of a tutorial and compares what they print with it: run_tutorial.py TUTORIAL DATA PROGRAM…

An indented line that begins with "$ " is a command, and the indented lines below it are what it must print, errors
and notes included. A line "…" stands for any number of lines. Numbers with a decimal point may differ by a little, as processors
round in their own ways, and blanks at a line's end do not count; all else is compared to the letter. The commands
are run one after the other in a folder of their own that has the data at examples/data.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

INDENT, PROMPT, ANY = "    ", "    $ ", "…"
DECIMAL = re.compile(r"\d+\.\d+")
NEAR = 0.01


def steps(text):
    """(command, lines that it prints) of a tutorial."""
    found, inside = [], False
    for line in text.splitlines():
        if line.startswith(PROMPT):
            found.append((line[len(PROMPT):], []))
            inside = True
        elif inside and line.startswith(INDENT):
            found[-1][1].append(line[len(INDENT):])
        else:
            inside = False
    return found


def same(said, printed):
    """Whether a printed line is the one that the tutorial says."""
    if DECIMAL.sub("#", said).rstrip() != DECIMAL.sub("#", printed).rstrip():
        return False
    pairs = zip(DECIMAL.findall(said), DECIMAL.findall(printed))
    return all(abs(float(one) - float(other)) <= NEAR for one, other in pairs)


def agree(said, printed):
    if not said:
        return not printed
    if said[0] == ANY:
        return any(agree(said[1:], printed[skip:]) for skip in range(len(printed) + 1))
    return bool(printed) and same(said[0], printed[0]) and agree(said[1:], printed[1:])


def self_test():
    """The comparison itself: it must be able to fail."""
    right = [(["a 0.501", ANY], ["a 0.502", "b"]), ([ANY, "c"], ["a", "b", "c"]), ([], [])]
    wrong = [(["a 0.50"], ["a 0.60"]), (["a 5"], ["a 6"]), (["a"], ["a", "b"]), (["a", "b"], ["a"]), (["a"], [])]
    if not all(agree(*case) for case in right) or any(agree(*case) for case in wrong):
        sys.exit("lines are compared wrongly")
    if steps("x\n    $ one\n    two\n\n    three\n") != [("one", ["two"])]:
        sys.exit("steps are read wrongly")


def run(command, said, folder, environment):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=environment, encoding="utf-8",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    print(f"$ {command}\n{done.stdout}", end="", flush=True)
    if done.returncode != 0:
        sys.exit(f"this answers {done.returncode}: {command}")
    if not agree(said, done.stdout.splitlines()):
        sys.exit("the tutorial says:\n" + "\n".join(said))


def main():
    self_test()
    tutorial, data, *programs = map(pathlib.Path, sys.argv[1:])
    commands = steps(tutorial.read_text(encoding="utf-8"))
    if not commands:
        sys.exit(f"{tutorial} has no commands")
    path = os.pathsep.join([*(str(program.resolve().parent) for program in programs), os.environ["PATH"]])
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(data, pathlib.Path(folder) / "examples" / "data")
        for command, said in commands:
            run(command, said, folder, {**os.environ, "PATH": path, "LC_ALL": "C.UTF-8"})


if __name__ == "__main__":
    main()
