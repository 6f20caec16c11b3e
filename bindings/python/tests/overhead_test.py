# SPDX-License-Identifier: Apache-2.0
"""benchmarks/bindings/python_overhead.py runs, and reports every kind of table; how fast is not judged."""
import subprocess
import sys

import support

support.need("numpy")
BENCHMARK = support.ROOT / "benchmarks" / "bindings" / "python_overhead.py"
printed = subprocess.run([sys.executable, BENCHMARK, "--pairs", "50", "--turns", "1", "--threads", "1"], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
lines = printed.splitlines()
assert lines[0].startswith("one call: "), printed
assert {line.split(":")[0] for line in lines[1:]} >= {"lists", "pairs", "numpy str", "numpy object"}, printed
print(printed, end="")
