# SPDX-License-Identifier: Apache-2.0
"""The tests of engine and threads on a Python without the GIL: MGEO_PYTHON_FREE_THREADED names one, else PATH has it."""
import os
import pathlib
import shutil
import subprocess
import sys

import support

names = [os.environ.get("MGEO_PYTHON_FREE_THREADED", ""), "python3.14t", "python3.13t"]
python = next(filter(None, map(shutil.which, filter(None, names))), None)
if python is None:
    print("skipped: no Python without a GIL: MGEO_PYTHON_FREE_THREADED names none, and PATH has none")
    sys.exit(support.SKIPPED)
for name in ("engine", "threads"):
    path = pathlib.Path(__file__).with_name(f"{name}_test.py")
    code = f"import runpy, sys; assert not sys._is_gil_enabled(); runpy.run_path({str(path)!r}, run_name='__main__')"
    ended = subprocess.run([python, "-X", "gil=0", "-c", code], cwd=path.parent,
                           env={**os.environ, "PYTHONPATH": os.environ.get("MGEO_PATH_FREE_THREADED", "")
                                + os.pathsep + str(path.parent)})
    if ended.returncode:
        sys.exit(ended.returncode)
