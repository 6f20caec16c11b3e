#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mgeo.h in every standard it promises, and its refusal in older ones: header_standards.py COMPILER INCLUDE SOURCE."""
import subprocess
import sys

compiler, include, source = sys.argv[1:]
STRICT = ["-fsyntax-only", "-pedantic", "-Wall", "-Wextra", "-Wunused-const-variable", "-Wconversion",
          "-Werror", "-I" + include]
GOOD = ["c99", "c11", "c17", "c2x", "gnu99", "c++11", "c++14", "c++17", "c++20"]
OLD = {"c89": "C99", "gnu89": "C99", "c++98": "C++11"}


def compiled(standard):
    language = "c++" if "++" in standard else "c"
    more = ["-Wold-style-cast"] if language == "c++" else []
    return subprocess.run([compiler, "-std=" + standard, "-x", language, *STRICT, *more, source],
                          capture_output=True, text=True)


problems = []
for standard in GOOD:
    result = compiled(standard)
    if result.returncode != 0:
        problems.append(f"{standard}: {result.stderr}")
for standard, needed in OLD.items():
    result = compiled(standard)
    if result.returncode == 0 or f"mgeo.h needs {needed} or newer" not in result.stderr:
        problems.append(f"{standard} is not refused by one clear line: {result.stderr}")
print("\n".join(problems) or f"{compiler}: {len(GOOD)} standards compile, {len(OLD)} are refused")
sys.exit(1 if problems else 0)
