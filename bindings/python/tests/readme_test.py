# SPDX-License-Identifier: Apache-2.0
"""Runs the blocks of Python of README.md and of the project's pages, one after another, in a folder of their own."""
import contextlib
import io
import os
import re
import sys
import tempfile

import support

support.need("numpy", "pyarrow")
sys.path.insert(0, str(support.PACKAGE.parent))
from run_readme import blocks  # noqa: E402

PROJECT = support.PACKAGE.parent.parent


def printed_by(page):
    """What each block of a page prints; a block knows what those before it have made."""
    printed, known = [], {}
    for number, block in enumerate(body for language, body in blocks(page) if language == "python"):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(block, f"{page.name}, block {number + 1}", "exec"), known)
        printed.append(out.getvalue())
    print("\n".join(printed))
    return printed


with tempfile.TemporaryDirectory() as folder:
    before = os.getcwd()
    os.chdir(folder)
    own = printed_by(support.PACKAGE / "README.md")
    front = [printed_by(PROJECT / name) for name in ("README.md", "README.zh-CN.md")]
    tables = printed_by(PROJECT / "docs/tables.md")
    printed_by(PROJECT / "docs/python.md")
    os.chdir(before)
assert len(own) == 4
assert re.fullmatch(r"0\.\d\d exact_match\n", own[0]), own[0]
assert "None" in own[1] and "'similarity', 'label'" in own[1], own[1]
assert own[2].splitlines()[-2:] == ["old 0 1", "0"], own[2]
assert own[3] == "['1']\n[0 0 2 3]\n", own[3]
for each in front:
    assert len(each) == 1 and re.fullmatch(r"exact_match\n\['exact_match', None\] \[0\.95\d* +nan\]\n", each[0]), each
assert tables == ["['similarity', 'label', 'probabilities', 'flags', 'generation']\n2\n"], tables
