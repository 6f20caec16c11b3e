#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Committed files are what their emitter makes of this build's mgeo.json: check_generated.py EMITTER INPUT … COMMITTED

COMMITTED is a file or a folder, as the emitter writes it. In a folder those files count that name the emitter, as all do
that it makes: others may lie beside them.
"""
import difflib
import pathlib
import subprocess
import sys
import tempfile


def lines_of(path, emitter):
    """Lines by file: of one, under no name, or of those in a folder that the emitter made."""
    files = [each for each in path.rglob("*") if each.is_file() and is_made_by(emitter, each)] if path.is_dir() else [path]
    return {str(each.relative_to(path)): each.read_text(encoding="utf-8").splitlines(keepends=True) for each in files}


def is_made_by(emitter, path):
    return "__pycache__" not in path.parts and pathlib.Path(emitter).name.encode() in path.read_bytes()


def main():
    emitter, *inputs, committed = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder, "made")
        subprocess.run([sys.executable, "-B", emitter, *inputs, made], check=True)
        new = lines_of(made, emitter)
    old = lines_of(pathlib.Path(committed), emitter)
    for name in sorted(old.keys() | new.keys()):
        sys.stdout.writelines(difflib.unified_diff(
            old.get(name, []), new.get(name, []), f"committed {name}", f"generated {name}"))
    if old != new or not new:
        sys.exit(f"{committed} is not what {emitter} makes: run it again")


main()
