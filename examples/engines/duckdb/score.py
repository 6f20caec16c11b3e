# SPDX-License-Identifier: Apache-2.0
"""Scores a table of pairs with DuckDB: score.py PAIRS SCORED [OPTIONS]; both are Parquet."""
import argparse

import mgeo_duckdb

# The function is called once for each row: it stands in a subquery, and what it answers is taken apart outside of it.
SCORE = """
COPY (SELECT * EXCLUDE answer, answer.similarity, answer.label
      FROM (SELECT *, mgeo(sentence1, sentence2) AS answer FROM read_parquet($pairs)))
TO $scored (FORMAT parquet)
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", help="with sentence1 and sentence2; all columns are kept")
    parser.add_argument("scored")
    parser.add_argument("--precision", default="int8")
    parser.add_argument("--threads", type=int, default=0, help="without it as many as the process may use")
    options = parser.parse_args()
    connection = mgeo_duckdb.connect(precision=options.precision, threads=options.threads)
    connection.execute(SCORE, {"pairs": options.pairs, "scored": options.scored})


if __name__ == "__main__":
    main()
