#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Committed files are what their emitter makes of this build's mgeo.json: check_generated.py EMITTER INPUT … COMMITTED

COMMITTED is a file or a folder, as the emitter writes it.
"""
import difflib
import pathlib
import subprocess
import sys
import tempfile


def lines_of(path):
    """Lines by file: of one, under no name, or of all in a folder."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    return {str(each.relative_to(path)): each.read_text(encoding="utf-8").splitlines(keepends=True) for each in files}


def main():
    emitter, *inputs, committed = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder, "made")
        subprocess.run([sys.executable, "-B", emitter, *inputs, made], check=True)
        new = lines_of(made)
    old = lines_of(pathlib.Path(committed))
    for name in sorted(old.keys() | new.keys()):
        sys.stdout.writelines(difflib.unified_diff(
            old.get(name, []), new.get(name, []), f"committed {name}", f"generated {name}"))
    if old != new or not new:
        sys.exit(f"{committed} is not what {emitter} makes: run it again")


main()
