#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the Python binding costs over C: one call of one pair, and tables of every kind against mgeo_score.

usage: python_overhead.py [--pairs 20000] [--turns 5] [--threads N]; MGEO_LIBRARY names the library

One call: processor time of this thread in Engine.score() around the library's function, plus that of ctypes' own way
into C and back (a call that the library refuses at once, so an upper bound).
Tables: C is mgeo_score called once on an array of mgeo_pair that lies ready. Each kind of table is scored in turn with
it, in the same engine, and the best turns are compared, in processor time of all threads, which other work on the
machine moves least. A kind whose package is missing is left out.
"""
import argparse
import ctypes
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings" / "python"))

import mgeo  # noqa: E402
from mgeo import _abi, _texts, tables  # noqa: E402
from mgeo.progress import Progress  # noqa: E402


def example_pairs(count):
    rows = [line.split("\t")[:2] for line in (ROOT / "examples/data/pairs.tsv").read_text("utf-8").splitlines()[1:]]
    rows = (rows * (count // len(rows) + 1))[:count]
    return [a for a, _ in rows], [b for _, b in rows]


def best(call, clock, turns, calls):
    """Seconds a call, in the best of many short turns."""
    found = float("inf")
    for _ in range(turns):
        start = clock()
        for _ in range(calls):
            call()
        found = min(found, (clock() - start) / calls)
    return found


def one_call(engine):
    """Seconds that one call costs beside what the library does."""
    a, b = "杭州市西湖区文三路90号", "文三路90号"
    engine.score(a, b)
    real, scratch = engine._score_one_pair, engine._scratches[-1]
    into_c = best(lambda: real(None, scratch.pair_address, 1, scratch.scores_address, scratch.error_address),
                  time.thread_time, 200, 1000)
    scratch.error.status = 0
    engine._score_one_pair = lambda *_: 0
    around = best(lambda: engine.score(a, b), time.thread_time, 200, 1000)
    engine._score_one_pair = real
    return around, into_c


def kinds(a, b):
    """The same pairs in the forms that Engine.score() takes."""
    yield "lists", (a, b)
    yield "pairs", (list(zip(a, b)),)
    try:
        import numpy

        yield "numpy str", (numpy.array(a), numpy.array(b))
        yield "numpy object", (numpy.array(a, object), numpy.array(b, object))
        import pyarrow

        yield "pyarrow table", (pyarrow.table({"a": a, "b": b}),)
        third = len(a) // 3
        yield "pyarrow, chunked differently", (pyarrow.chunked_array([a[:third], a[third:]]),
                                               pyarrow.chunked_array([b[:-third], b[-third:]]))
        import pandas

        yield "pandas frame", (pandas.DataFrame({"a": a, "b": b}),)
        import polars

        yield "polars frame", (polars.DataFrame({"a": a, "b": b}),)
    except ImportError as missing:
        print(f"left out from here on: {missing}")


def in_c(engine, a, b):
    """mgeo_score on pairs that lie ready, as a C program calls it."""
    pairs = _texts.Pairs(_texts.from_sequence(a), _texts.from_sequence(b))
    answer, error = tables.Answer(pairs.count, len(engine.info().labels), False), _abi.mgeo_error()
    scores = answer.scores(0, Progress())
    rows = ctypes.cast(pairs.address, ctypes.POINTER(_abi.mgeo_pair))

    def call():
        keep = pairs, answer  # noqa: F841
        assert mgeo._library.load().mgeo_score(engine._native.handle, rows, pairs.count, ctypes.byref(scores),
                                               ctypes.byref(error)) == 0

    return call


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()
    with mgeo.Engine() as engine:
        engine.load(threads=asked.threads)
        around, into_c = one_call(engine)
        print(f"one call: {1e6 * (around + into_c):.2f} µs over C (Python {1e6 * around:.2f}, ctypes {1e6 * into_c:.2f})")
        a, b = example_pairs(asked.pairs)
        direct = in_c(engine, a, b)
        for name, given in kinds(a, b):
            in_python, c = float("inf"), float("inf")
            for _ in range(asked.turns):
                c = min(c, best(direct, time.process_time, 1, 1))
                in_python = min(in_python, best(lambda: engine.score(*given, progress=False), time.process_time, 1, 1))
            print(f"{name}: {1e6 * in_python / asked.pairs:.1f} µs a pair, C {1e6 * c / asked.pairs:.1f}: "
                  f"{c / in_python:.4f} of C's rate")


if __name__ == "__main__":
    main()
