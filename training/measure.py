#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The figures of the card, of a model directory, by the program itself. Needs Python alone.

    python3 training/measure.py --program build/cli/mgeo-score --model models/mini DATA/pairs/dev.tsv

Scores the labelled pairs in each precision, and in fp32 with the two texts exchanged. Prints accuracy, macro-F1 and
each label's figures, calibration, how far the other precisions and the other order move answers, and the speed in
pairs a second of processor time, which is one core's: the program runs with one thread.
"""
import argparse
import csv
import os
import resource
import statistics
import subprocess
import sys
import tempfile

BINS = 15


def score(program, model, pairs, precision, columns):
    """Each row's (gold label, similarity, {label: probability}), and the seconds of processor time."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.tsv")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([program, "-q", "-m", model, "-d", "cpu", "-p", precision, "-j", "1", "-c", columns, "--probabilities", "-o", out, pairs],
                       check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(out, encoding="utf8", newline="") as f:
            rows = list(csv.reader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return read_rows(rows), seconds


def read_rows(rows):
    """The input's own columns come first; the program adds similarity, label and the probabilities."""
    header, gold = rows[0], rows[0].index("label")
    labels = [name[2:] for name in header if name.startswith("p_")]
    first = len(header) - len(labels)
    return [(r[gold], float(r[first - 2]), dict(zip(labels, map(float, r[first:])))) for r in rows[1:]]


def answer(row):
    return max(row[2], key=row[2].get)


def label_figures(rows):
    """{label: (precision, recall, F1, pairs)}"""
    out = {}
    for label in rows[0][2]:
        hit = sum(r[0] == label == answer(r) for r in rows)
        said, true = sum(answer(r) == label for r in rows), sum(r[0] == label for r in rows)
        out[label] = (hit / max(1, said), hit / max(1, true), 2 * hit / max(1, said + true), true)
    return out


def accuracy(rows):
    return sum(r[0] == answer(r) for r in rows) / len(rows)


def macro_f1(rows):
    return statistics.mean(f[2] for f in label_figures(rows).values())


def calibration(rows):
    """For each bin of the answer's probability that has pairs: (pairs, mean probability, share of right answers)."""
    bins = [[] for _ in range(BINS)]
    for r in rows:
        sure = max(r[2].values())
        bins[min(BINS - 1, int(sure * BINS))].append((sure, r[0] == answer(r)))
    return [(len(b), statistics.mean(s for s, _ in b), statistics.mean(ok for _, ok in b)) for b in bins if b]


def calibration_error(rows):
    return sum(n * abs(sure - right) for n, sure, right in calibration(rows)) / len(rows)


def shifts(rows, others):
    """How far the similarities are apart, smallest first, and the share of pairs with the same answer."""
    apart = sorted(abs(a[1] - b[1]) for a, b in zip(rows, others))
    return apart, sum(answer(a) == answer(b) for a, b in zip(rows, others)) / len(rows)


def print_labels(rows):
    for label, (precision, recall, f1, count) in label_figures(rows).items():
        print(f"  {label:<14} precision {precision:.4f} recall {recall:.4f} F1 {f1:.4f} pairs {count}")
    print("calibration, by the answer's probability: pairs, mean probability, share that is right")
    for count, sure, right in calibration(rows):
        print(f"  {count:>5} {sure:.3f} {right:.3f}")


def self_test():
    """Figures that can be reckoned by hand: four pairs, three right, each answered with 0.8 or 0.6."""
    header = ["sentence1", "sentence2", "label", "similarity", "mgeo_label", "p_no", "p_yes"]
    cells = [("no", ".2", "no", ".8", ".2"), ("no", ".4", "no", ".6", ".4"), ("yes", ".8", "yes", ".2", ".8"), ("yes", ".2", "no", ".8", ".2")]
    rows = read_rows([header] + [["a", "b", *c] for c in cells])
    exchanged = [(gold, similarity + .1, p) for gold, similarity, p in rows]
    apart, same = shifts(rows, exchanged)
    found = (accuracy(rows), *label_figures(rows)["no"], *label_figures(rows)["yes"], macro_f1(rows), calibration_error(rows), apart[0], apart[-1], same)
    expected = (.75, 2 / 3, 1, .8, 2, 1, .5, 2 / 3, 2, 11 / 15, (abs(2.4 - 2) + .4) / 4, .1, .1, 1)
    if any(abs(f - e) > 1e-9 for f, e in zip(found, expected)):
        sys.exit(f"self-test: {expected} expected, got {found}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("pairs", help="a TSV with sentence1, sentence2 and label")
    arguments.add_argument("--program", default="mgeo-score")
    arguments.add_argument("--model", required=True)
    arguments.add_argument("--precisions", default="fp32,bf16,int8")
    args = arguments.parse_args()
    plain = None
    for precision in args.precisions.split(","):
        rows, seconds = score(args.program, args.model, args.pairs, precision, "sentence1,sentence2")
        print(f"{precision}: accuracy {accuracy(rows):.4f} macro-F1 {macro_f1(rows):.4f} calibration error "
              f"{calibration_error(rows):.4f} pairs a second of processor time {len(rows) / seconds:.1f}", flush=True)
        if plain is None:
            plain = rows
            print_labels(rows)
        else:
            apart, same = shifts(plain, rows)
            print(f"  against the first: same answer {same:.4%}, largest shift {apart[-1]:.4f}")
    turned, _ = score(args.program, args.model, args.pairs, args.precisions.split(",")[0], "sentence2,sentence1")
    apart, same = shifts(plain, turned)
    print(f"order of the texts: median {statistics.median(apart):.4f}, 95% below {apart[len(apart) * 95 // 100]:.4f}, "
          f"largest {apart[-1]:.4f}, same answer {same:.4%}")


if __name__ == "__main__":
    main()
