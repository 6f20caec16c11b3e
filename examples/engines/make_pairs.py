#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes pairs of addresses to try an engine on: make_pairs.py ROWS FILE [--seed N] [--without-address N].

FILE is TSV, or Parquet (which needs pyarrow) where its name ends in .parquet; its columns are id, sentence1 and sentence2. The
pairs are those of examples/data with other numbers, alike on both sides, so no pair comes twice. With --without-address N every
N-th row lacks its second address.
"""
import argparse
import pathlib
import random
import re

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "data" / "pairs.tsv"
NUMBER = re.compile(r"[0-9]+")
ROWS_IN_GROUP = 20_000  # of Parquet: what engines hand to one task


def example_pairs():
    lines = EXAMPLES.read_text(encoding="utf-8").splitlines()[1:]
    return [tuple(line.split("\t")[:2]) for line in lines]


def with_numbers(text, numbers, draw):
    """The text with each number replaced by another one of its length, the same for the same."""
    def other(match):
        old = match.group()
        if old not in numbers:
            numbers[old] = str(draw.randrange(10 ** (len(old) - 1), 10 ** len(old)))
        return numbers[old]
    return NUMBER.sub(other, text)


def make_pairs(rows, seed=0, without_address=0):
    """Yields (id, address, address or None), ids from 1."""
    draw, examples, seen = random.Random(seed), example_pairs(), set()
    while len(seen) < rows:
        numbers = {}
        a, b = (with_numbers(text, numbers, draw) for text in draw.choice(examples))
        if (a, b) in seen:
            a = f"{a}{draw.randrange(1, 10 ** 6)}室"
            if (a, b) in seen:
                continue
        seen.add((a, b))
        absent = without_address and len(seen) % without_address == 0
        yield len(seen), a, None if absent else b


def write_tsv(path, pairs):
    with open(path, "w", encoding="utf-8") as file:
        file.write("id\tsentence1\tsentence2\n")
        file.writelines(f"{number}\t{a}\t{b or ''}\n" for number, a, b in pairs)


def write_parquet(path, pairs):
    import pyarrow
    import pyarrow.parquet
    schema = pyarrow.schema({"id": pyarrow.int64(), "sentence1": pyarrow.string(), "sentence2": pyarrow.string()})
    columns = list(zip(*pairs)) or [(), (), ()]
    table = pyarrow.table([list(column) for column in columns], schema=schema)
    pyarrow.parquet.write_table(table, path, row_group_size=ROWS_IN_GROUP)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=int)
    parser.add_argument("file")
    parser.add_argument("--seed", type=int, default=0, help="other pairs for each number")
    parser.add_argument("--without-address", type=int, default=0, metavar="N", help="every N-th row lacks its second address")
    options = parser.parse_args()
    write = write_parquet if options.file.endswith(".parquet") else write_tsv
    write(options.file, make_pairs(options.rows, options.seed, options.without_address))


if __name__ == "__main__":
    main()
