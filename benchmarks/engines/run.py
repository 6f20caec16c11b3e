#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The engines of examples/engines beside mgeo-score on the same pairs and cores, in one run and one table.

    benchmarks/engines/run.py --build build [--rows N] [--rounds N] [--only spark,ray] [--out results.md]

Each round runs mgeo-score -j 2 and then one engine, each with few pairs and with many: what the many take more is the rate,
and what the few take is the start-up. Rates stand beside that of mgeo-score in the same minute; the best round counts. Needs
the modules of the engines in the Python that runs it; an engine that is not there is left out. On a busy machine run it
in a control group that goes before other work: engines start sessions of their own, which nice does not reach.
"""
import argparse
import collections
import importlib.util
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXAMPLES = ROOT / "examples" / "engines"
sys.path[:0] = [str(HERE), str(ROOT / "benchmarks")]
import tree  # noqa: E402
from cpu import machine  # noqa: E402

FEW = 2_000
OURS = "mgeo-score -j 2"
Engine = collections.namedtuple("Engine", "name modules programs command")
Turn = collections.namedtuple("Turn", "few many ours_few ours_many")


def python(engine, *more):
    script = str(EXAMPLES / engine / "score.py")
    return lambda files, out, precision: [sys.executable, script, files["parquet"], out, *settings(engine, precision), *more]


def settings(engine, precision):
    return ["--options", f"--precision {precision}"] if engine == "clickhouse" else ["--precision", precision]


def spark(files, out, precision):
    return ["spark-submit", "--master", "local[2,4]", str(EXAMPLES / "spark" / "score.py"), files["parquet"], out,
            "--precision", precision]


def parallel(files, out, precision):
    return ["env", "JOBS=2", str(EXAMPLES / "parallel" / "score.sh"), "4", files["tsv"], out, "-p", precision]


def ours(files, out, precision):
    return ["mgeo-score", "-q", "-j", "2", "-p", precision, "-o", out, files["tsv"]]


ENGINES = [
    Engine("GNU parallel, 2 at a time", [], ["parallel"], parallel),
    Engine("DuckDB", ["duckdb", "pyarrow"], [], python("duckdb", "--threads", "2")),
    Engine("chdb (ClickHouse)", ["chdb"], [], python("clickhouse")),
    Engine("Spark local[2]", ["pyspark", "pyarrow"], ["java"], spark),
    Engine("Ray Data, 2 actors", ["ray", "pyarrow"], [], python("ray", "--actors", "2", "--piece", "10000")),
    Engine("Dask, 1 worker of 2 threads", ["dask", "distributed"], [], python("dask", "--workers", "1", "--threads", "2")),
    Engine("Dask, 2 workers", ["dask", "distributed"], [], python("dask", "--workers", "2", "--threads", "1")),
]


def is_there(engine):
    return all(importlib.util.find_spec(name) for name in engine.modules) and all(shutil.which(name) for name in engine.programs)


def make_pairs(folder, rows):
    files = {kind: os.path.join(folder, f"pairs-{rows}.{kind}") for kind in ("tsv", "parquet")}
    for file in files.values():
        subprocess.run([sys.executable, str(EXAMPLES / "make_pairs.py"), str(rows), file], check=True)
    return files


def measure(command, files, options):
    with tempfile.TemporaryDirectory() as folder:
        return tree.run(command(files, os.path.join(folder, "out"), options.precision), cwd=folder, env=environment(options))


def environment(options):
    first = [str(options.build / "cli"), os.path.dirname(sys.executable), os.environ["PATH"]]
    return {**os.environ, "PATH": os.pathsep.join(first), "MGEO_LIBRARY": str(options.build / "lib" / "libmgeo.so"),
            "PYTHONPATH": str(ROOT / "bindings" / "python"), "RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0",
            "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONDONTWRITEBYTECODE": "1"}


def measure_turn(engine, few, many, options):
    """The two runs that are compared stand beside each other."""
    costs = [measure(command, files, options) for command, files in
             ((ours, few), (engine.command, few), (ours, many), (engine.command, many))]
    turn = Turn(costs[1], costs[3], costs[0], costs[2])
    print(f"{engine.name}: {rate(turn.few, turn.many, options):,.0f} of {rate(turn.ours_few, turn.ours_many, options):,.0f} "
          f"pairs/s, start {turn.few.seconds:.1f} s, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    return turn


def rate(few, many, options, what="seconds"):
    taken = getattr(many, what) - getattr(few, what)
    return (options.rows - FEW) / taken if taken > 0 else float("nan")


def share(turn, options, what="seconds"):
    return rate(turn.few, turn.many, options, what) / rate(turn.ours_few, turn.ours_many, options, what)


def row(name, turns, options):
    best = max(turns, key=lambda turn: share(turn, options))
    shares = sorted(share(turn, options) for turn in turns)
    memory = max(turn.many.memory for turn in turns) / 1e6
    return (f"| {name} | {rate(best.few, best.many, options):,.0f} | {rate(best.ours_few, best.ours_many, options):,.0f} | "
            f"{shares[-1]:.0%} ({', '.join(f'{one:.0%}' for one in shares[:-1]) or 'one round'}) | "
            f"{max(share(turn, options, 'processor') for turn in turns):.0%} | {options.rows / best.many.seconds:,.0f} | "
            f"{min(turn.few.seconds for turn in turns):.1f} | {memory:,.0f} | {max(turn.many.processes for turn in turns)} |")


INTRODUCTION = """\
A rate is that of the pairs beyond the first 2,000, so without start-up; beside it that of `mgeo-score -j 2` in the same minute.
The share is of the best round, the others in brackets; by processor time it is the pairs for each second that all processes
computed, likewise, which other work changes least. Start-up is a run of 2,000 pairs from exec to end. Memory is resident, all
processes together; pages that they share count for each.
"""
HEADER = ("engine", "pairs/s", "mgeo-score then", "share", "by processor time", "pairs/s with start-up", "2,000 pairs, s",
          "memory, MB", "processes")


def machine_line(options, loads):
    facts = machine.describe()
    return (f"{facts['date']}, {facts['model']} (family {facts['family']}, model {facts['model_number']}; "
            f"{' '.join(facts['flags'])}), {facts['cores']} cores of a virtual machine, Linux {facts['kernel']}, load average from "
            f"{min(loads):.1f} to {max(loads):.1f}, the load of this run included. Python {platform.python_version()}, the bundled "
            f"model in {options.precision}, {options.rows:,} pairs of `make_pairs.py`, rounds: {options.rounds}. "
            f"{options.note or ''}\n")


def ours_row(turns, options):
    best = max(turns, key=lambda turn: rate(turn.ours_few, turn.ours_many, options))
    memory = max(turn.ours_many.memory for turn in turns) / 1e6
    return (f"| {OURS} | {rate(best.ours_few, best.ours_many, options):,.0f} | | | | "
            f"{options.rows / best.ours_many.seconds:,.0f} | {min(turn.ours_few.seconds for turn in turns):.1f} | {memory:,.0f} | 1 |")


def report(results, options, loads):
    yield "<!-- SPDX-License-Identifier: Apache-2.0 -->"
    yield "# Engines beside mgeo-score\n"
    yield machine_line(options, loads)
    yield INTRODUCTION
    yield f"| {' | '.join(HEADER)} |"
    yield "|---" * len(HEADER) + "|"
    yield ours_row([turn for turns in results.values() for turn in turns], options)
    for name, turns in results.items():
        yield row(name, turns, options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--only", help="engines whose names begin so, with commas between")
    parser.add_argument("--note", help="a sentence on the machine, for the table")
    parser.add_argument("--out", help="the table; without it standard output")
    options = parser.parse_args()
    options.build = options.build.resolve()
    begins = tuple(options.only.lower().split(",")) if options.only else ""
    tree.adopt_orphans()
    results, loads = {}, []
    with tempfile.TemporaryDirectory() as folder:
        few, many = make_pairs(folder, FEW), make_pairs(folder, options.rows)
        for _ in range(options.rounds):
            for engine in filter(is_there, ENGINES):
                if engine.name.lower().startswith(begins):
                    loads.append(os.getloadavg()[0])
                    results.setdefault(engine.name, []).append(measure_turn(engine, few, many, options))
    text = "\n".join(report(results, options, loads)) + "\n"
    if options.out:
        pathlib.Path(options.out).write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
