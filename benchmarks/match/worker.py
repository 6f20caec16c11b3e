#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures one engine in a process of its own: peers.py starts it. A line of JSON for each setting that was searched with.

The index is built once. With each setting the queries' 51 best are found for the recall, then the 21 best of rows of the table
itself for the speed: pieces of growing size until the seconds given are over or the rows are at an end.
"""
import argparse
import json
import os
import random
import resource
import signal
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import engines  # noqa: E402
import ranks  # noqa: E402

DEPTH = 51  # the 50 that are asked for, and the query itself
TOP = 21


class Stopwatch:
    """Seconds by the clock and of all cores, those of processes that have ended or that the engine tells of among them."""

    def __init__(self, engine):
        self.engine = engine
        self.start = self.now()

    def now(self):
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return time.perf_counter(), sum(part.ru_utime + part.ru_stime for part in used) + self.engine.outside_seconds()

    def read(self):
        return tuple(now - then for now, then in zip(self.now(), self.start))


def timed(engine, action, *arguments, **settings):
    watch = Stopwatch(engine)
    result = action(*arguments, **settings)
    return result, *watch.read()


def resident():
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * 1024


def measure_speed(engine, texts, seconds, setting, spent):
    """Queries a second by the clock and by processor time. What one query costs an engine of one pass is its index."""
    if engine.one_pass:
        found, wall, cpu = timed(engine, engine.search, texts, TOP, **setting)
        engine.rows(found)
        wall, cpu = max(wall - spent[0], 1e-9), max(cpu - spent[1], 1e-9)
        return dict(queries=len(texts), seconds=wall, processor_seconds=cpu)
    done = wall = cpu = 0
    piece = 32
    while done < len(texts) and wall < seconds:
        part = texts[done:done + piece]
        found, more_wall, more_cpu = timed(engine, engine.search, part, TOP, **setting)
        engine.rows(found)
        done, wall, cpu = done + len(part), wall + more_wall, cpu + more_cpu
        piece = max(32, min(20_000, int(done / wall * seconds / 4)))
    return dict(queries=done, seconds=wall, processor_seconds=cpu)


def measure(engine, given, built, setting):
    queries = ranks.Measure(given.queries)
    spent = (0, 0)
    if engine.one_pass:
        _, *spent = timed(engine, engine.search, given.rows[:1], TOP, **setting)
    recall = queries.recall(engine.rows(engine.search(queries.texts, DEPTH, **setting)))
    speed = measure_speed(engine, given.rows[:engine.most_queries], given.seconds, setting, spent)
    return dict(recall={label: {str(cut): figures for cut, figures in cuts.items()} for label, cuts in recall.items()}, **speed,
                index_seconds=built[0] + spent[0], index_processor_seconds=built[1] + spent[1],
                queries_a_second=speed["queries"] / speed["seconds"],
                queries_a_second_of_processor=2 * speed["queries"] / speed["processor_seconds"], bytes=resident() + engine.outside_bytes())


def stop(_signal, _frame):
    """Ends as an error would, so that the engine is closed: a server is stopped, its folder removed."""
    raise SystemExit("stopped")


def main():
    signal.signal(signal.SIGTERM, stop)
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("engine")
    options.add_argument("variant", type=int)
    options.add_argument("data")
    options.add_argument("--more", type=int, default=0, help="distractors beside the corpus")
    options.add_argument("--queries", required=True)
    options.add_argument("--speed-rows", type=int, default=50_000)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--searches", help="numbers of the settings to search with, by commas; all if left out")
    given = options.parse_args()
    module = engines.module_of(given.engine)
    build, searches = module.VARIANTS[given.engine][given.variant]
    if given.searches:
        searches = [searches[int(number)] for number in given.searches.split(",")]
    reference = ranks.read_reference(given.data, given.more)
    given.rows = random.Random(19).sample(reference, min(given.speed_rows, len(reference)))
    engine = module.create(**build)
    try:
        _, *built = timed(engine, engine.build, reference)
        for setting in searches:
            line = dict(engine=given.engine, build=build, search=setting, rows=len(reference), load=os.getloadavg()[0],
                        versions=engine.versions)
            print(json.dumps({**line, **measure(engine, given, built, setting)}, ensure_ascii=False), flush=True)
    finally:
        engine.close()


if __name__ == "__main__":
    main()
