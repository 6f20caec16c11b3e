#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bars of a million addresses: index, its memory, the top 20 of all rows, and how long one query takes.

    MGEO_LIBRARY=build/lib/libmgeo.so.0 benchmarks/match/speed.py FOLDER [--more 1000000] [--rows N] [--single 20000]

FOLDER is what corpus.py and distractors.py wrote. Two threads build and search; single queries are asked one after another on one
thread, the first twenty that come back. Memory is what the process takes beyond what it took before, its highest point: the texts
that the caller holds are not in it. --rows asks only so many rows, spread over the table.
"""
import argparse
import os
import pathlib
import random
import resource
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import numpy  # noqa: E402
import ranks  # noqa: E402
from engines import ours  # noqa: E402

PIECE = 100_000


def now():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime


def memory(name):
    """VmRSS (now) or VmHWM (at most since it was set back)."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"/proc/self/status has no {name}")


def timed(action, *arguments):
    start = now()
    result = action(*arguments)
    return result, *(end - begin for end, begin in zip(now(), start))


def say(what, wall, cpu, more=""):
    print(f"| {what} | {wall:.1f} | {cpu:.1f} | {more} |", flush=True)


def build(index, texts):
    table, held = ours.records_in_memory(texts)
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # sets VmHWM back to VmRSS
    before = memory("VmRSS")
    _, wall, cpu = timed(index.put, table)
    most, then = ((memory(name) - before) / 1e6 for name in ("VmHWM", "VmRSS"))
    say(f"index of {len(texts):,} texts", wall, cpu, f"{most:,.0f} MB at most, then {then:,.0f} MB")
    del held


def search_all(index, texts):
    wall = cpu = found = 0
    for first in range(0, len(texts), PIECE):
        (candidates, count, _), more_wall, more_cpu = timed(index.search, texts[first:first + PIECE], 20, 100)
        found += sum(index.count(candidates, query) for query in range(0, count, 100))
        index.library.mgeo_candidates_destroy(candidates)
        wall, cpu = wall + more_wall, cpu + more_cpu
    say(f"top 20 of {len(texts):,} rows", wall, cpu, f"{len(texts) / wall:,.0f} queries/s; {1e6 * cpu / len(texts):.0f} µs of processor "
        f"time each; {100 * found / len(texts):.1f} candidates each")


def search_one_by_one(index, texts):
    start, times = now(), []
    for text in texts:
        before = time.perf_counter()
        candidates, _, _ = index.search([text], 20, 100, threads=1)
        times.append(time.perf_counter() - before)
        index.library.mgeo_candidates_destroy(candidates)
    wall, cpu = (end - begin for end, begin in zip(now(), start))
    middle, late, last = (1e3 * numpy.quantile(times, share) for share in (0.5, 0.99, 0.999))
    say(f"{len(texts):,} single queries", wall, cpu, f"median {middle:.2f} ms, P99 {late:.2f} ms, P99.9 {last:.2f} ms, through ctypes")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=pathlib.Path)
    options.add_argument("--more", type=int, default=1_000_000, help="distractors beside the corpus")
    options.add_argument("--rows", type=int, help="rows to search; all if left out")
    options.add_argument("--single", type=int, default=20_000)
    given = options.parse_args()
    texts = ranks.read_reference(given.folder, given.more)
    index = ours.create()
    print(f"Load average {os.getloadavg()[0]:.1f}.\n\n| what | seconds | processor s | |\n|---|---|---|---|")
    build(index, texts)
    chosen = random.Random(19).sample(texts, min(given.rows or len(texts), len(texts)))
    search_all(index, chosen)
    search_one_by_one(index, chosen[:given.single])


if __name__ == "__main__":
    main()
