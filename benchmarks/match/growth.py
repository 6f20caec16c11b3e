#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a row costs `mgeo-match dedupe --candidates` in tables of growing size: a table and a plot.

    benchmarks/match/distractors.py DATA FOLDER FOLDER/distractors_4m.tsv --count 4000000
    MGEO_MATCH=build/cli/mgeo-match benchmarks/match/growth.py FOLDER/distractors_4m.tsv [--plot docs/images/match-growth.svg]

The first rows of the file make each table. Times are of the whole program, reading, index, candidates and writing (to nowhere),
on two threads. The slope is that of a line through the logarithms of rows and of processor time a row: 0 is a cost that does not
grow, 0.5 one that grows as the square root.
"""
import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from engines.program import TABLE, program  # noqa: E402

SIZES = "100000,250000,663000,1000000,2000000,4000000"


def first_rows(path, count, out):
    with open(path, encoding="utf-8") as lines, open(out, "w", encoding="utf-8") as table:
        written = sum(table.write(line) > 0 for line in itertools.islice(lines, count + 1)) - 1
    if written < count:
        raise SystemExit(f"{path} has {written:,} rows, {count:,} are asked for: make more with distractors.py --count")


def run(table, rows, given):
    """One process from start to end: seconds, processor seconds, most memory."""
    command = [program(), "dedupe", "-q", "--candidates", "--top", str(given.top), "-j", str(given.threads)] + TABLE + [table]
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    return dict(rows=rows, seconds=wall, processor_seconds=used.ru_utime + used.ru_stime, bytes=used.ru_maxrss * 1024,
                load=os.getloadavg()[0], when=time.strftime("%Y-%m-%d %H:%M"))


def slope(points):
    import numpy

    rows, cost = (numpy.log([point[name] for point in points]) for name in ("rows", "cost"))
    return numpy.polyfit(rows, cost, 1)[0]


def print_table(points):
    print("| rows | seconds | processor s | µs a row, processor | memory, MB | bytes a row | load average |\n" + "|---" * 7 + "|")
    for point in points:
        print(f"| {point['rows']:,} | {point['seconds']:.1f} | {point['processor_seconds']:.1f} | {point['cost']:.0f} "
              f"| {point['bytes'] / 1e6:,.0f} | {point['bytes'] / point['rows']:.0f} | {point['load']:.1f} |")
    if len(points) > 1:
        print(f"\nThe cost of a row grows as rows to the power of {slope(points):.2f}.")


def plot(points, path):
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "match-growth"
    from matplotlib import pyplot

    rows, cost = ([point[name] for point in points] for name in ("rows", "cost"))
    figure, axes = pyplot.subplots(figsize=(6.4, 4), layout="constrained")
    axes.loglog(rows, cost, "o-", label="mgeo-match dedupe --candidates")
    axes.loglog(rows, [cost[0] * (count / rows[0]) ** 0.5 for count in rows], "--", color="grey", label="as the square root of the rows")
    axes.set(xlabel="rows of the table", ylabel="µs of processor time a row")
    axes.set_xticks(rows, [f"{count / 1e6:g} M" if count >= 1e6 else f"{count // 1000} k" for count in rows])
    axes.minorticks_off()
    least, most = min(cost), max(cost[-1], cost[0] * (rows[-1] / rows[0]) ** 0.5)
    ticks = [tick for tick in (10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if least / 2.2 <= tick <= most * 2]
    axes.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if str(path).endswith(".svg") else None)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("table", type=pathlib.Path, help="a file of distractors.py")
    options.add_argument("--sizes", default=SIZES)
    options.add_argument("--top", type=int, default=20)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--plot", help="an .svg or .png to write")
    options.add_argument("--out", help="a file of JSON lines to add the figures to")
    given = options.parse_args()
    points = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in map(int, given.sizes.split(",")):
            table = os.path.join(folder, "table.tsv")
            first_rows(given.table, rows, table)
            points.append(run(table, rows, given))
            points[-1]["cost"] = 1e6 * points[-1]["processor_seconds"] / rows
            print(json.dumps(points[-1]), file=sys.stderr, flush=True)
            if given.out:
                with open(given.out, "a", encoding="utf-8") as out:
                    out.write(json.dumps(points[-1]) + "\n")
    print_table(points)
    if given.plot:
        plot(points, given.plot)


if __name__ == "__main__":
    main()
