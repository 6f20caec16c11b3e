#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs what a binding's README says, as it stands there: run_readme.py README.md

A block of `sh` is run, and the block of `text` behind it is what it must print. Any other block is a file, named
in its first line by a comment. All is done in a folder of its own, in which the binding lies at bindings/NAME as in
the project, so that nothing is written into the source tree.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
FILE = re.compile(r"\W+([\w.-]+\.\w+|Makefile)\W*\n")


def blocks(readme):
    """What stands in a README's fences: (language, text) each."""
    return BLOCK.findall(readme.read_text(encoding="utf-8"))


def write_file(folder, language, body):
    name = FILE.match(body)
    if not name:
        sys.exit(f"a block of {language or 'no language'} does not begin with a comment that names a file:\n{body}")
    (folder / name.group(1)).write_text(body, encoding="utf-8")


def run(folder, body):
    done = subprocess.run(["sh", "-euc", body], cwd=folder, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    print(f"$ {body}{done.stdout}", end="")
    if done.returncode != 0:
        sys.exit(f"this answers {done.returncode}:\n{body}")
    return done.stdout


def main():
    readme = pathlib.Path(sys.argv[1]).resolve()
    printed, commands = None, 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # What bindings share lies beside them.
        for part in (readme.parent, readme.parent.parent / "common"):
            shutil.copytree(part, folder / "bindings" / part.name)
        for language, body in blocks(readme):
            if language == "sh":
                printed, commands = run(folder, body), commands + 1
            elif language == "text":
                if printed != body:
                    sys.exit(f"the README says:\n{body}but the commands before it print:\n{printed}")
            else:
                write_file(folder, language, body)
    if commands == 0:
        sys.exit(f"{readme} has no commands")


if __name__ == "__main__":
    main()
