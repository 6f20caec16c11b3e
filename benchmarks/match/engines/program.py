# SPDX-License-Identifier: Apache-2.0
"""mgeo-match as a user runs it: index a table, then match --candidates, from file to file. MGEO_MATCH names the program."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import numpy

import corpus
from engines import Engine

VARIANTS = {"mgeo-match": [({}, [dict(effort=effort) for effort in (25, 50, 100, 200, 400)])]}


def program():
    found = os.environ.get("MGEO_MATCH") or shutil.which("mgeo-match")
    if not found:
        raise SystemExit("mgeo-match is not there: MGEO_MATCH=build/cli/mgeo-match names it")
    return found


# Every cell is a text here, whatever it says.
TABLE = ["--null-words", "", "--id", "id", "--text", "text"]


class Program(Engine):
    def __init__(self):
        self.program = program()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mgeo-match-"))
        version = subprocess.run([self.program, "--version"], check=True, capture_output=True, text=True).stdout
        self.versions = {"mgeo-match": version.split("\n")[0].split()[-1]}

    def file(self, name, texts):
        corpus.write(self.folder / name, ("id", "text"), enumerate(texts))
        return self.folder / name

    def call(self, *arguments):
        subprocess.run([self.program, *map(str, arguments)], check=True)

    def build(self, texts):
        self.index = self.folder / "reference.mgx"
        self.call("index", "-q", "-j", 2, "-o", self.index, *TABLE, self.file("reference.tsv", texts))

    def search(self, texts, top, effort=100):
        out = self.folder / "candidates.tsv"
        self.call("match", "-q", "-j", 2, "--candidates", "--top", top, "--effort", effort, *TABLE, "-o", out,
                  self.file("queries.tsv", texts), self.index)
        return out, len(texts), top

    def rows(self, found):
        path, count, top = found
        rows = numpy.full((count, top), -1)
        with open(path, encoding="utf-8") as lines:
            names = next(lines).rstrip("\n").split("\t")
            a, b, rank = (names.index(name) for name in ("id_a", "id_b", "rank"))
            for line in lines:
                cells = line.rstrip("\n").split("\t")
                rows[int(cells[a]), int(cells[rank]) - 1] = int(cells[b])
        return rows

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def create(**settings):
    return Program(**settings)
