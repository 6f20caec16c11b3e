# SPDX-License-Identifier: Apache-2.0
"""Runs README.md's blocks of Python, one after another, in a folder of their own."""
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

programs = [body for language, body in blocks(support.PACKAGE / "README.md") if language == "python"]
printed, known = [], {}
with tempfile.TemporaryDirectory() as folder:
    before = os.getcwd()
    os.chdir(folder)
    for number, block in enumerate(programs):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(block, f"README.md, block {number + 1}", "exec"), known)
        printed.append(out.getvalue())
    os.chdir(before)
print("\n".join(printed))
assert len(programs) == 3
assert re.fullmatch(r"0\.\d\d exact_match\n", printed[0]), printed[0]
assert "None" in printed[1] and "'similarity', 'label'" in printed[1], printed[1]
assert printed[2].splitlines()[-2:] == ["old 0 1", "0"], printed[2]
