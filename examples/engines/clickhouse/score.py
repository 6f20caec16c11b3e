#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scores a Parquet file with chdb, ClickHouse in a process, slice by slice: score.py PAIRS.parquet FOLDER [OPTIONS].

FOLDER gets part-NNNNN.parquet, the rows of one slice of ids with similarity and label. A slice whose mgeo-score was killed is
tried again; the same command later leaves the parts that are there alone.
"""
import argparse
import pathlib
import shutil
import sys
import tempfile

import chdb

# The rows go through mgeo-score as JSON, and come back with two more members; null where there is no score.
SCORE = """
SELECT id, sentence1, sentence2, similarity, label
FROM executable('mgeo-score -q --stream --input-format jsonl --columns sentence1,sentence2 {options}', JSONEachRow,
                'id Int64, sentence1 Nullable(String), sentence2 Nullable(String), similarity Nullable(Float32),
                 label Nullable(String)',
                (SELECT id, sentence1, sentence2 FROM file('{pairs}', Parquet) WHERE {where}))
INTO OUTFILE '{part}' TRUNCATE FORMAT Parquet
"""
TRIES = 3


def scripts():
    """A folder with what ClickHouse may run: mgeo-score alone."""
    program = shutil.which("mgeo-score")
    if program is None:
        sys.exit("score.py: no mgeo-score in PATH")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mgeo-scripts-"))
    (folder / "mgeo-score").symlink_to(program)
    return folder


def quoted(path):
    return str(path).replace("\\", "\\\\").replace("'", "\\'")


def count(session, sql):
    return int(str(session.query(sql, "TabSeparated")))


def score_slice(session, pairs, part, where, options):
    """A program that ends early may look like fewer rows to ClickHouse, so they are counted."""
    rows = count(session, f"SELECT count() FROM file('{quoted(pairs)}', Parquet) WHERE {where}")
    session.query(SCORE.format(pairs=quoted(pairs), part=quoted(part), where=where, options=options))
    scored = count(session, f"SELECT count() FROM file('{quoted(part)}', Parquet)")
    if scored != rows:
        raise RuntimeError(f"{scored} of {rows} rows came back from mgeo-score")


def score_with_tries(session, pairs, part, where, options):
    unfinished = part.with_suffix(".unfinished")
    for attempt in range(1, TRIES + 1):
        try:
            score_slice(session, pairs, unfinished, where, options)
            break
        except RuntimeError as problem:
            line = str(problem).splitlines()[0]
            if attempt == TRIES:
                sys.exit(f"score.py: {part.name}: {line}")
            print(f"score.py: {part.name}, try {attempt}: {line}", file=sys.stderr)
    unfinished.rename(part)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=pathlib.Path, help="Parquet with id, sentence1, sentence2")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--slice", type=int, default=100_000, metavar="IDS", help="ids in a part: what is lost when it fails")
    parser.add_argument("--options", default="--precision int8", help="for mgeo-score")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    chdb.g_udf_path = str(scripts())
    from chdb.session import Session  # reads the folder of scripts
    with Session() as session:
        asked = session.query(f"SELECT min(id), max(id) FROM file('{quoted(options.pairs)}', Parquet)", "TabSeparated")
        lowest, highest = map(int, str(asked).split())
        for number, first in enumerate(range(lowest, highest + 1, options.slice)):
            part = options.folder / f"part-{number:05}.parquet"
            if not part.exists():
                where = f"id >= {first} AND id < {first + options.slice}"
                score_with_tries(session, options.pairs, part, where, options.options)
    shutil.rmtree(chdb.g_udf_path)


if __name__ == "__main__":
    main()
