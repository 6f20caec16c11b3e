# SPDX-License-Identifier: Apache-2.0
"""libmgeo measured through its programs: mgeo-score for many pairs, mgeo-bench for one at a time."""
import json
import os
import subprocess

from cpu import pairs


class Failed(Exception):
    """The program ended with an error; the text is the line it said."""


class Ours:
    def __init__(self, build, model, folder):
        self.build, self.model, self.folder = build, model, folder

    def run(self, program, precision, threads, *arguments):
        command = [os.path.join(self.build, "cli", program), "-q", "-m", self.model, "-p", precision, "-d", "cpu",
                   "-j", str(threads), *arguments]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
            raise Failed(said[-1])

    def answers(self, program, precision, threads, rows, count, option, *arguments):
        """Runs a program on a table of `count` rows and gives the JSON that `option` makes it write."""
        table, told = (os.path.join(self.folder, name) for name in ("ours.tsv", "ours.json"))
        pairs.write(table, rows, count)
        self.run(program, precision, threads, option, told, *[table if part == "TABLE" else part for part in arguments])
        with open(told, encoding="utf-8") as file:
            return json.load(file)

    def throughput(self, precision, threads, rows, count):
        """Pairs a second from the first row read to the last one written, tokens a pair, and the kernels."""
        told = self.answers("mgeo-score", precision, threads, rows, count, "--summary", "--header", "no",
                            "-o", "/dev/null", "TABLE")
        return told["pairs_per_second"], told["tokens"] / told["rows"], told["model"]["library"]

    def latency(self, precision, threads, rows, seconds):
        """Median and P99 of calls of one pair, one after another, in milliseconds; calls; and the kernels."""
        told = self.answers("mgeo-bench", precision, threads, rows, len(rows), "--json", "-c", "1", "--header", "no",
                            "--duration", str(seconds), "--pairs", "TABLE")
        calls = told["latency_ms"]
        return calls["p50"], calls["p99"], calls["calls"], told["models"][0]["library"]
