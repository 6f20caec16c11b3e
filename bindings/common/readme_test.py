#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does what a binding's README says, in an empty folder that has the source tree's folders by their names.

usage: readme_test.py README FOLDER

Blocks are taken in order: one of shell commands is run; one whose first line is a comment with a file's name is
written to that file; one of text is what the commands before it must have printed.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.S | re.M)
NAMED = re.compile(r"(?://|#|--) (\S+\.\w+)\n")


def environment(folder):
    """Without a library that the README does not speak of, and with nothing written elsewhere."""
    kept = {name: value for name, value in os.environ.items() if name != "MGEO_LIBRARY"}
    return {**kept, "MGEO_NATIVE_DIR": str(folder.resolve() / "native"), "npm_config_offline": "true",
            "npm_config_cache": str(folder.resolve() / "npm"), "npm_config_update_notifier": "false",
            "npm_config_audit": "false", "npm_config_fund": "false"}


def run(commands, folder):
    print(commands, end="", flush=True)
    done = subprocess.run(["sh", "-eu", "-c", commands], cwd=folder, env=environment(folder), stdout=subprocess.PIPE,
                          text=True)
    print(done.stdout, flush=True)
    if done.returncode != 0:
        sys.exit(f"a command of the README failed with {done.returncode}")
    return done.stdout


def main():
    readme, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # A copy: what the commands write must not land in the source tree.
    shutil.copytree(readme.parents[1], folder / "bindings", symlinks=True,
                    ignore=shutil.ignore_patterns("__pycache__", "build", "target", "node_modules"))
    for name in ("include", "models", "examples", "tests"):
        os.symlink(readme.parents[2] / name, folder / name)
    ran, printed = 0, None
    for language, text in BLOCK.findall(readme.read_text(encoding="utf-8")):
        named = NAMED.match(text)
        if language == "sh":
            printed = run(text, folder)
            ran += 1
        elif language == "text" and printed is not None:
            if text != printed:
                sys.exit(f"the README says that this is printed:\n{text}but it was:\n{printed}")
        elif named:
            (folder / named.group(1)).write_text(text, encoding="utf-8")
        else:
            sys.exit(f"a block of {language} that nothing runs:\n{text}")
    shutil.rmtree(folder)
    if ran == 0:
        sys.exit("no commands in the README")


main()
