#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How well two outputs of mgeo-score agree: labels, and how far similarities shift.

    mgeo-score -p fp32 -o fp32.tsv pairs.tsv
    mgeo-score -p int8 -o int8.tsv pairs.tsv
    benchmarks/agreement.py fp32.tsv int8.tsv [--at-least 0.99]

Both files need the header that mgeo-score writes. Status 1 if fewer labels agree than --at-least.
"""
import argparse
import csv
import sys


def answers(path):
    """(similarity, label) of each row; None for rows without a score."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        header = next(rows)
        similarity = last(header, path, "similarity", "mgeo_similarity")
        label = last(header, path, "label", "mgeo_label")
        return [(float(row[similarity]), row[label]) if row[similarity] else None for row in rows]


def last(header, path, *names):
    for name in reversed(names):
        if name in header:
            return len(header) - 1 - header[::-1].index(name)
    sys.exit(f"{path}: line 1 has no column {names[0]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reference")
    parser.add_argument("other")
    parser.add_argument("--at-least", type=float, default=0.0, metavar="SHARE")
    options = parser.parse_args()
    reference, other = answers(options.reference), answers(options.other)
    if len(reference) != len(other):
        sys.exit(f"{len(reference)} rows against {len(other)}: not the same input")
    both = [(a, b) for a, b in zip(reference, other) if a and b]
    one_only = sum(bool(a) != bool(b) for a, b in zip(reference, other))
    if not both:
        sys.exit("no row has a score in both files")
    same = sum(a[1] == b[1] for a, b in both)
    shifts = sorted(abs(a[0] - b[0]) for a, b in both)
    share = same / len(both)
    print(f"rows {len(both)}, labels agree {same} ({share:.4%}), scored in one file only {one_only}")
    print(f"similarity shift: mean {sum(shifts) / len(shifts):.6f}, "
          f"p99 {shifts[min(len(shifts) - 1, len(shifts) * 99 // 100)]:.6f}, max {shifts[-1]:.6f}")
    return 0 if share >= options.at_least and one_only == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
