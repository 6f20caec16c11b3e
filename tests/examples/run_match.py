#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs examples/match.c and checks what it prints: run_match.py PROGRAM."""
import subprocess
import sys


def ids(*arguments):
    done = subprocess.run([sys.argv[1], *arguments], capture_output=True, encoding="utf-8", timeout=60, check=False)
    if done.returncode != 0:
        sys.exit(f"answers {done.returncode}: {done.stderr}")
    lines = done.stdout.splitlines()
    return [line.split()[0] for line in lines], [line.endswith("(same form)") for line in lines]


CASES = [((), ["A2", "A1"], [True, False]),
         (("成都锦江区北新街58号",), ["A3"], [True]),
         (("杭州市西湖区文三路90号东部软件园",), ["A1", "A2"], [True, False])]
for given, expected, same_form in CASES:
    found = ids(*given)
    if (found[0][:len(expected)], found[1][:len(expected)]) != (expected, same_form):
        sys.exit(f"{given}: {found}")
