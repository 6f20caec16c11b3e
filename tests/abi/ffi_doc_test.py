#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The programs of docs/ffi.md run as they stand there: ffi_doc_test.py DOC MGEO_FFI_H LIBRARY."""
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile

doc, header, library = sys.argv[1:]
RUN = {"python": [sys.executable], "lua": ["luajit"], "php": ["php", "-d", "ffi.enable=1"]}


def can_run(language):
    if language == "python":
        return importlib.util.find_spec("cffi") is not None
    return shutil.which(RUN[language][0]) is not None


def run(language, program):
    program = program.replace("/usr/local/include/mgeo_ffi.h", header).replace("libmgeo.so.0", library)
    with tempfile.NamedTemporaryFile("w", suffix="." + language, encoding="utf-8") as file:
        file.write("<?php\n" + program if language == "php" else program)
        file.flush()
        return subprocess.run([*RUN[language], file.name], check=True, capture_output=True, text=True).stdout


with open(doc, encoding="utf-8") as file:
    programs = re.findall(r"^```(\w+)\n(.*?)^```$", file.read(), re.M | re.S)
assert [language for language, _ in programs] == list(RUN), "a program is missing"
answers = {language: run(language, program) for language, program in programs if can_run(language)}
print(answers)
if not answers:
    sys.exit(77)
assert len(set(answers.values())) == 1 and re.fullmatch(r"[01]\.\d{3}\n", next(iter(answers.values())))
