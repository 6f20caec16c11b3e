#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many labelled answers mgeo-match or the library finds among the first 1, 5, 20 and 50 candidates.

    MGEO_MATCH=build/cli/mgeo-match benchmarks/match/recall.py FOLDER [--queries dev|train] [--more 0,1000000] [--effort 100]
    MGEO_LIBRARY=build/lib/libmgeo.so.0 benchmarks/match/recall.py FOLDER --engine mgeo

FOLDER is what corpus.py and distractors.py wrote. A line for each table and effort, errors by drawing queries anew. With
--worst N also the N queries whose answers are furthest from the front, for a look: they are private data, keep them so.
"""
import argparse
import os
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import engines  # noqa: E402
import ranks  # noqa: E402

DEPTH = 51


def show_worst(queries, found, reference, count):
    places = queries.ranks(found)
    for at in sorted(range(len(places)), key=lambda at: -places[at])[:count]:
        pair = queries.pairs[at]
        place = places[at] + 1 if places[at] < DEPTH else f"after {DEPTH - 1}"
        row = found[queries.query[at]][0]
        print(f"  {pair.label} {place}: {pair.text} | {pair.answer} | first: {reference[row] if row >= 0 else 'nothing'}")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=pathlib.Path)
    options.add_argument("--engine", default="mgeo-match", choices=sorted(engines.MODULES))
    options.add_argument("--queries", default="dev", choices=("dev", "train"))
    options.add_argument("--more", default="0", help="distractors beside the corpus, by commas")
    options.add_argument("--effort", default="100", help="efforts, by commas")
    options.add_argument("--worst", type=int, default=0)
    given = options.parse_args()
    queries = ranks.Measure(given.folder / f"queries_{given.queries}.tsv")
    module = engines.module_of(given.engine)
    for more in map(int, given.more.split(",")):
        reference = ranks.read_reference(given.folder, more)
        engine = module.create()
        try:
            engine.build(reference)
            for effort in map(int, given.effort.split(",")):
                found = engine.rows(engine.search(queries.texts, DEPTH, effort=effort))
                print(f"{given.queries}, {len(reference):,} texts, effort {effort}: {ranks.line_of(queries.recall(found))}", flush=True)
                show_worst(queries, found, reference, given.worst)
        finally:
            engine.close()


if __name__ == "__main__":
    main()
