# SPDX-License-Identifier: Apache-2.0
"""The generated files are what tools/bindings/emit_python.py writes: generated_test.py MGEO_JSON."""
import pathlib
import subprocess
import sys
import tempfile

PACKAGE = pathlib.Path(__file__).resolve().parents[1] / "mgeo"
EMITTER = PACKAGE.parents[2] / "tools" / "bindings" / "emit_python.py"

with tempfile.TemporaryDirectory() as folder:
    subprocess.run([sys.executable, EMITTER, sys.argv[1], folder], check=True)
    for path in sorted(pathlib.Path(folder).iterdir()):
        committed = (PACKAGE / path.name).read_text("utf-8")
        assert committed == path.read_text("utf-8"), f"{path.name} is stale: run {EMITTER.name} {sys.argv[1]} {PACKAGE}"
        print(f"{path.name}: as generated")
