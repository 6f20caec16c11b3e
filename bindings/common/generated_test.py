#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Regenerates a binding's generated files and compares them with those of the source tree.

usage: generated_test.py EMITTER MGEO_JSON COMMITTED [EMITTER MGEO_JSON COMMITTED]...

COMMITTED is a file or a folder, as the emitter writes it.
"""
import pathlib
import subprocess
import sys
import tempfile


def files(path):
    if path.is_file():
        return {path.name: path.read_bytes()}
    return {str(each.relative_to(path)): each.read_bytes() for each in path.rglob("*") if each.is_file()}


def check(emitter, description, committed):
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / committed.name
        subprocess.run([sys.executable, "-B", emitter, description, out], check=True)
        found, expected = files(committed), files(out)
    differing = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
    if differing or not expected:
        sys.exit(f"not as generated: {', '.join(differing)}; run {emitter} {description} {committed}")


def main():
    arguments = sys.argv[1:]
    for i in range(0, len(arguments), 3):
        check(arguments[i], arguments[i + 1], pathlib.Path(arguments[i + 2]))
    if not arguments:
        sys.exit(__doc__)


main()
