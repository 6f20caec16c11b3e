#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which characters of the administrative names and of GB 2312 a vocabulary lacks. Needs Python alone; fails if there are any.

    python3 training/coverage.py --data DATA --model models/mini
"""
import argparse
import os
import sys

import sources
from text import clean, hanzi


def tree_characters(data):
    """Every character of the provinces-to-streets list, the five-level tree and the renamed districts, as the tokenizer sees it."""
    paths = sources.streets(data) + sources.villages(data) + sources.renames(data)
    return {ch for path in paths for name in path for ch in clean(name) if not ch.isspace()}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", required=True)
    arguments.add_argument("--model", required=True)
    args = arguments.parse_args()
    with open(os.path.join(args.model, "vocab.txt"), encoding="utf8") as f:
        tokens = {line.rstrip("\n") for line in f}
    lacking = []
    for name, seen in (("the administrative names", tree_characters(args.data)), ("GB 2312", set(hanzi()))):
        print(f"{len(seen)} different characters in {name}, {len(seen - tokens)} of them [UNK]")
        lacking += sorted(seen - tokens)
    sys.exit(" ".join(lacking) if lacking else 0)


if __name__ == "__main__":
    main()
