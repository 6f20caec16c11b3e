#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""libmgeo's candidates beside other tools' on the same texts and two cores: speed, memory and recall, in one table.

    benchmarks/match/peers.py FOLDER [--only sp_matmul_rs,faiss:0.2] [--more 0,1000000] [--out results.jsonl]
    benchmarks/match/peers.py --table results.jsonl …

FOLDER is what corpus.py and distractors.py wrote. Each index is built in a process of its own (worker.py), by turns, and searched
with several settings. A line of JSON for each goes to --out with versions and load; the table comes from those lines and may join
files. What does not end within --limit seconds is stopped and says so. MGEO_LIBRARY and MGEO_MATCH name the library and the
program. An engine whose modules are not there is left out. Speeds by the clock want an idle machine; those by processor time
assume that two cores work all the time.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import engines  # noqa: E402

HEADER = ["engine", "settings", "texts", "exact at 20", "partial at 20", "partial at 50", "queries/s", "by processor time", "index, s",
          "index, processor s", "memory, MB"]


def variants_of(engine, numbers):
    """Its indexes as (number, settings), those of "0.2" or all; none if its packages are not there."""
    try:
        module = engines.module_of(engine)
    except ImportError as error:
        print(f"{engine} is left out: {error}", file=sys.stderr)
        return []
    wanted = [int(number) for number in numbers.split(".") if number]
    return [(number, build) for number, (build, _) in enumerate(module.VARIANTS[engine]) if not wanted or number in wanted]


def end(worker):
    """Asks it to end, and kills it if that takes longer than a product of matrices may."""
    worker.terminate()
    try:
        return worker.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        worker.kill()
        return worker.communicate()


def run_worker(engine, number, build, more, given):
    """The lines of one worker, those that came before its end or its limit."""
    command = [sys.executable, HERE / "worker.py", engine, str(number), given.folder, "--more", str(more), "--queries",
               given.folder / "queries_dev.tsv", "--seconds", str(given.seconds), "--speed-rows", str(given.speed_rows)]
    start = time.monotonic()
    worker = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        answer, complaint = worker.communicate(timeout=given.limit)
    except subprocess.TimeoutExpired:
        answer, complaint = end(worker)
    lines = [json.loads(line) for line in answer.splitlines() if line.startswith("{")]
    if worker.returncode != 0:
        last = complaint.strip().splitlines()[-1:]
        late = time.monotonic() - start >= given.limit
        reason = f"stopped after {given.limit:.0f} s" if late else f"failed: {' '.join(last)}"
        lines.append(dict(engine=engine, build=build, search={}, rows=None, more=more, stopped=reason))
    return [dict(line, more=more, when=time.strftime("%Y-%m-%d %H:%M")) for line in lines]


def measure(given):
    names = given.only.split(",") if given.only else list(engines.MODULES)
    for more in map(int, given.more.split(",")):
        for engine, _, numbers in (name.partition(":") for name in names):
            for number, build in [] if more and engine in engines.BRUTE else variants_of(engine, numbers):
                for line in run_worker(engine, number, build, more, given):
                    print(" | ".join(row_of(line)), file=sys.stderr, flush=True)
                    with open(given.out, "a", encoding="utf-8") as out:
                        out.write(json.dumps(line, ensure_ascii=False) + "\n")


def settings_of(line):
    parts = {**line["build"], **line["search"]}
    grams = parts.pop("grams", None)
    words = [f"{grams[0]}-{grams[1]}-grams"] if grams else []
    words += [f"{name} {value}" for name, value in parts.items() if name != "engine" and (name, value) != ("max_df", 1.0)]
    return ", ".join(words)


def row_of(line):
    head = [line["engine"], settings_of(line)]
    if "stopped" in line:
        return [*head, f"{52_992 + line['more']:,}", line["stopped"], *[""] * 7]
    recall = line["recall"]
    figure = lambda label, cut: "{:.3f} ± {:.3f}".format(*recall[label][cut])  # noqa: E731
    return [*head, f"{line['rows']:,}", figure("exact_match", "20"), figure("partial_match", "20"), figure("partial_match", "50"),
            f"{line['queries_a_second']:,.0f}", f"{line['queries_a_second_of_processor']:,.0f}", f"{line['index_seconds']:.1f}",
            f"{line['index_processor_seconds']:.1f}", f"{line['bytes'] / 1e6:,.0f}"]


def read_lines(paths):
    """The latest line of each engine, setting and table."""
    latest = {}
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in map(json.loads, lines):
                latest[json.dumps([line["more"], line["engine"], line["build"], line["search"]])] = line
    return list(latest.values())


def print_table(lines):
    print("| " + " | ".join(HEADER) + " |\n" + "|---" * len(HEADER) + "|")
    for line in sorted(lines, key=lambda line: line["more"]):
        print("| " + " | ".join(row_of(line)) + " |")
    loads = [line["load"] for line in lines if "load" in line]
    versions = {name: version for line in lines for name, version in line.get("versions", {}).items()}
    print("\nVersions: " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) + ".")
    if loads:
        print(f"Load average while it was measured, its own included: {min(loads):.1f} to {max(loads):.1f}.")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", nargs="?", type=pathlib.Path)
    options.add_argument("--only", help="engines, by commas, and after a colon the numbers of their indexes, from 0: "
                         + ", ".join(engines.MODULES))
    options.add_argument("--more", default="0,1000000", help="distractors beside the corpus, by commas")
    options.add_argument("--limit", type=float, default=300, help="seconds for one index and all its searches")
    options.add_argument("--seconds", type=float, default=10, help="for the speed of one setting")
    options.add_argument("--speed-rows", type=int, default=50_000, help="rows that are searched for the speed at most")
    options.add_argument("--out", default="match-peers.jsonl")
    options.add_argument("--table", nargs="+", metavar="FILE", help="print the table of these files, measure nothing")
    given = options.parse_args()
    if given.table:
        print_table(read_lines(given.table))
    elif given.folder is None:
        options.error("give the folder of corpus.py, or --table")
    else:
        os.environ.setdefault("OMP_NUM_THREADS", "2")
        measure(given)
        print_table(read_lines([given.out]))


if __name__ == "__main__":
    main()
