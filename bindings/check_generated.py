#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A committed file is what its emitter makes of this build's mgeo.json: check_generated.py EMITTER INPUT … FILE"""
import difflib
import pathlib
import subprocess
import sys
import tempfile

emitter, *inputs, committed = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    made = pathlib.Path(folder, "made")
    subprocess.run([sys.executable, emitter, *inputs, made], check=True)
    new = made.read_text(encoding="utf-8").splitlines(keepends=True)
old = pathlib.Path(committed).read_text(encoding="utf-8").splitlines(keepends=True)
if old != new:
    sys.stdout.writelines(difflib.unified_diff(old, new, "committed", "generated"))
    sys.exit(f"{committed} is not what {emitter} makes: run it again")
