#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The headers compile alone without a warning, as C++17 and C++20, with and without exceptions.

compiles.py COMPILER INCLUDE_FOLDER …
"""
import pathlib
import subprocess
import sys
import tempfile

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]


def main():
    compiler, *folders = sys.argv[1:]
    include = [flag for folder in folders for flag in ("-I", folder)]
    headers = sorted(file.relative_to(folder).as_posix() for folder in folders
                     for file in pathlib.Path(folder).rglob("*.hpp"))
    assert "mgeo.hpp" in headers, folders
    # A template's body is only looked at where it is used: the test of the binding, without linking.
    sources = [f"#include <{header}>\n" for header in headers]
    use = pathlib.Path(__file__).with_name("every_function.cpp").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "alone.cpp")
        for standard in ("-std=c++17", "-std=c++20"):
            for way in ([], ["-fno-exceptions"], ["-DMGEO_RESULTS"]):
                for source in sources + [use]:
                    file.write_text(source, encoding="utf-8")
                    subprocess.run([compiler, standard, *way, *WARNINGS, *include, "-fsyntax-only", file], check=True)
    print(f"{compiler}: {', '.join(headers)}")


main()
