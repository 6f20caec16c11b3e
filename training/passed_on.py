# SPDX-License-Identifier: Apache-2.0
"""How many pairs a small model must pass on to a large one, so that nearly all labels are the large one's.

    python passed_on.py small.tsv large.tsv [--keep-agreement 0.995] [--sample 1000]

Both files are mgeo-score --probabilities of the same pairs. Of three measures of how sure the small model is, the least
share of pairs below a threshold; and for the best of them what a threshold does that was chosen on a random sample, to
the other pairs: by the sample's own agreement, and by a bound that such samples keep in 95 of 100 draws.
"""
import argparse
import csv
import math
import random


def read(path):
    """Similarity, label and the sorted probabilities of each pair."""
    with open(path, encoding="utf8", newline="") as f:
        rows = csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)
        names = [n for n in rows.fieldnames if n.startswith("p_")]
        label = "mgeo_label" if "mgeo_label" in rows.fieldnames else "label"
        return [(float(r["similarity"]), r[label], sorted((float(r[n]) for n in names), reverse=True)) for r in rows if r["similarity"]]


MEASURES = {"top probability": lambda s, p: p[0], "margin to the second label": lambda s, p: p[0] - p[1],
            "similarity's distance from 1/2": lambda s, p: abs(s - .5)}


def chosen(sure, differs, allowed):
    """The least threshold under which the pairs at least so sure differ no more often than allowed(their differences)."""
    best, wrong = math.inf, 0
    for s, d in sorted(zip(sure, differs), reverse=True):
        wrong += d
        if allowed(wrong):
            best = s
    return best


def bound(wrong, count, sure=.95):
    """The share that is exceeded with a probability of 1 - sure, where `wrong` of `count` were seen (Clopper-Pearson)."""
    low, high = wrong / count, 1.
    for _ in range(50):
        p = (low + high) / 2
        seen = sum(math.exp(math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1) + k * math.log(p)
                            + (count - k) * math.log1p(-p)) for k in range(wrong + 1))
        low, high = (p, high) if seen > 1 - sure else (low, p)
    return high


def outcome(threshold, sure, differs):
    """Share passed on, and agreement."""
    kept = [d for s, d in zip(sure, differs) if s >= threshold]
    return 1 - len(kept) / len(sure), 1 - sum(kept) / len(sure)


def sampled(sure, differs, size, allowed, target, draws, rng):
    """Means over the draws of what the threshold of a sample does to the other pairs, and how often it keeps the target."""
    results = []
    for _ in range(draws):
        order = rng.sample(range(len(sure)), len(sure))
        one, rest = ([(sure[k], differs[k]) for k in part] for part in (order[:size], order[size:]))
        results.append(outcome(chosen(*zip(*one), allowed), *zip(*rest)))
    return sum(r[0] for r in results) / draws, sum(r[1] for r in results) / draws, sum(r[1] >= target for r in results) / draws


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("small")
    arguments.add_argument("large")
    arguments.add_argument("--keep-agreement", type=float, default=.995)
    arguments.add_argument("--sample", type=int, nargs="*", default=[1000, 2000])
    arguments.add_argument("--draws", type=int, default=300)
    args = arguments.parse_args()
    small, large = read(args.small), read(args.large)
    if len(small) != len(large):
        raise SystemExit(f"{args.small} has {len(small)} scored pairs, {args.large} {len(large)}: score the same file with both")
    differs = [a[1] != b[1] for a, b in zip(small, large)]
    count, target = len(differs), args.keep_agreement
    print(f"{count} pairs, same label {1 - sum(differs) / count:.4f}")
    for name, measure in MEASURES.items():
        sure = [measure(s, p) for s, _, p in small]
        threshold = chosen(sure, differs, lambda wrong: wrong <= (1 - target) * count)
        passed, agreement = outcome(threshold, sure, differs)
        print(f"{name}: passed on below {threshold:.4f} {passed:.3f}, agreement {agreement:.4f}")
    sure, rng = [p[0] for _, _, p in small], random.Random(0)
    for size in (n for n in args.sample if n < count):
        worst = {wrong: bound(wrong, size) for wrong in range(int((1 - target) * size) + 2)}
        for name, allowed in (("its own agreement", lambda wrong: wrong <= (1 - target) * size),
                              ("a bound of 95%", lambda wrong: worst.get(wrong, 1) <= 1 - target)):
            passed, agreement, kept = sampled(sure, differs, size, allowed, target, args.draws, rng)
            print(f"top probability by a sample of {size}, {name}: passed on {passed:.3f}, agreement {agreement:.4f}, kept in {kept:.2f} of the draws")


if __name__ == "__main__":
    main()
