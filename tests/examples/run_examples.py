#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one example program and checks what it prints: run_examples.py NAME PROGRAM MODEL."""
import pathlib
import re
import subprocess
import sys

name, program, model = sys.argv[1:]


def run(*arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=300)


def expect(condition, what, done):
    if not condition:
        sys.exit(f"{name}: {what}\n{done.stdout}{done.stderr}")


def answers(text):
    """(of generation 1, of generation 2, failed) of every report."""
    found = re.findall(r"generation 1: (\d+), of generation 2: (\d+), failed: (\d+)", text)
    return [tuple(map(int, counts)) for counts in found]


def check_scores(done, count):
    scores = [float(line.split()[0]) for line in done.stdout.splitlines()]
    expect(len(scores) == count, f"expected {count} lines", done)
    expect(all(0 <= score <= 1 for score in scores[:2]), "scores lie in 0..1", done)
    expect(scores[0] > scores[1], "the like pair scores higher", done)
    return scores


def check_embed():
    for arguments in ([], [model]):
        done = run(*arguments)
        expect(done.returncode == 0, "runs", done)
        check_scores(done, 2)


def check_hot_swap():
    for arguments in ([], [model, model]):
        done = run(*arguments)
        expect(done.returncode == 0, "runs", done)
        before, after, back = answers(done.stdout)
        expect(before[0] > 0 and before[1] == 0, "the first model answers alone", done)
        expect(after[1] > 0, "the second model answers after the swap", done)
        expect(back[0] > after[0], "the first model answers again", done)
        expect(back[2] == 0, "no call fails", done)


def check_gated_swap():
    for arguments in ([], [model, model]):
        done = run(*arguments)
        expect(done.returncode == 0, "runs", done)
        expect("flip_share           0.0000   at most 0.2000: yes" in done.stdout,
               "the same model has the same labels", done)
        expect('swapped from "first" to "second"' in done.stdout, "swaps", done)
        expect("the watch is over, all is well" in done.stdout, "the watch passes", done)
    others = pathlib.Path(__file__).parent.parent / "golden" / "models" / "two_labels"
    done = run(model, str(others))
    expect(done.returncode == 1, "a model with other labels is refused", done)
    expect("flip_share           1.0000   at most 0.2000: no" in done.stdout, "says why", done)
    expect("was refused" in done.stderr and "swapped" not in done.stdout, "does not swap", done)


def check_ffi():
    done = run(model)
    expect(done.returncode == 0, "runs", done)
    scores = check_scores(done, 3)
    expect(scores[2] != scores[2], "an empty text has no score", done)


{"embed": check_embed, "hot_swap": check_hot_swap, "gated_swap": check_gated_swap,
 "ffi": check_ffi}[name]()
refused = run("no-such-directory")
lines = refused.stderr.splitlines()
expect(refused.returncode == 1, "a missing model is an error", refused)
expect(len(lines) == 1 and "no-such-directory" in lines[0], "one line names it", refused)
