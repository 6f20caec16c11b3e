#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scores the hand-checked pairs with the bundled model: run_robustness.py MGEO_SCORE MODEL PAIRS FLOORS.

Prints how many pairs of each group get the expected relation, and fails when a group falls below its recorded floor,
when the order of the two texts moves scores, or when full-width forms are not read like half-width ones. Afterwards
FLOORS is to be raised by hand where a new model does better. `--self-test` checks that each of these can fail.
"""
import statistics
import subprocess
import sys
import tempfile

SYMMETRY = 0.02  # median of |s(a,b) - s(b,a)|
WIDTH = 0.001    # largest |s(a,b) - s(wide a,b)|
AT_LEAST = 300   # pairs


def read(path):
    with open(path, encoding="utf8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f]
    return [dict(zip(lines[0], row)) for row in lines[1:]]


def scorer(program, model):
    """A function from pairs of texts to (similarity, label) of each; (None, "none") where the program gives none."""
    def score(texts):
        with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf8") as f:
            f.write("".join(f"{a}\t{b}\n" for a, b in texts))
            f.flush()
            command = [program, "-q", "-m", model, "-d", "cpu", "-p", "fp32", "--header", "no", "--null-words", "", "-c", "1,2", f.name]
            done = subprocess.run(command, capture_output=True, text=True, encoding="utf8", timeout=300)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        if done.returncode not in (0, 1) or len(rows) != len(texts):
            sys.exit(f"{program} exits with {done.returncode} after {len(rows)} of {len(texts)} rows\n{done.stderr}")
        return [(float(row[2]), row[3]) if row[2] else (None, "none") for row in rows]
    return score


def wide(text):
    """The text with its ASCII letters and digits in full width."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)


def gaps(left, right):
    """Distances between the scores of two runs, largest first, with the rows' numbers."""
    both = [(abs(a[0] - b[0]), k) for k, (a, b) in enumerate(zip(left, right)) if a[0] is not None and b[0] is not None]
    return sorted(both, reverse=True)


def check_groups(pairs, scored, floors):
    """Prints the table; returns what fails."""
    failures, total = [], 0
    groups = list(dict.fromkeys(p["group"] for p in pairs))
    if set(floors) != set(groups):
        return ["the pairs and the floors have different groups"]
    print(f"{'group':<24} pass   of  floor")
    for group in groups:
        rows = [k for k, p in enumerate(pairs) if p["group"] == group]
        passed = sum(scored[k][1] == pairs[k]["expected"] for k in rows)
        total += passed
        print(f"{group:<24} {passed:>4} {len(rows):>4} {floors[group]:>6}")
        if passed < floors[group]:
            failures.append(f"{group}: {passed} of {len(rows)} pass, {floors[group]} did when the floor was set")
    print(f"{'all':<24} {total:>4} {len(pairs):>4} {sum(floors.values()):>6}")
    for p, (similarity, label) in zip(pairs, scored):
        if label != p["expected"]:
            print(f"  {p['group']}: {p['a'][:40]} | {p['b'][:40]}: expected {p['expected']}, got {label} {similarity}")
    return failures


def check_order(texts, scored, score):
    turned = gaps(scored, score([(b, a) for a, b in texts]))
    median = statistics.median(gap for gap, _ in turned)
    print(f"order of the texts: median difference {median:.4f}, largest {turned[0][0]:.4f}")
    return [f"the median of |s(a,b) - s(b,a)| is {median:.4f}, not under {SYMMETRY}"] if median >= SYMMETRY else []


def check_width(texts, scored, score):
    widened = gaps(scored, score([(wide(a), b) for a, b in texts]))
    gap, row = widened[0]
    print(f"full-width letters and digits: largest difference {gap:.6f}")
    return [f"full-width forms move the score of {texts[row]} by {gap:.4f}"] if gap > WIDTH else []


def check(pairs, floors, score):
    """All failures, as lines."""
    texts = [(p["a"], p["b"]) for p in pairs]
    scored = score(texts)
    failures = check_groups(pairs, scored, floors)
    if len(pairs) < AT_LEAST:
        failures.append(f"{len(pairs)} pairs, fewer than {AT_LEAST}")
    return failures + check_order(texts, scored, score) + check_width(texts, scored, score)


def self_test():
    """Made-up scorers, each of which must be found out, and one that must not."""
    pairs = [{"group": "numbers", "a": f"桂花巷{k}号", "b": f"桂花巷{k}号", "expected": "exact_match"} for k in range(AT_LEAST)]
    def good(texts):
        return [(.9, "exact_match")] * len(texts)
    def one_wrong(texts):
        return [(.1, "not_match")] + good(texts[1:])
    def in_order(texts):
        calls.append(1)
        return good(texts) if len(calls) != 2 else [(.8, "exact_match")] * len(texts)
    def narrow(texts):
        return [(.5 if any("０" <= c <= "９" for c in a) else .9, "exact_match") for a, _ in texts]
    full = {"numbers": AT_LEAST}
    for name, score, rows, floors, expected in (
            ("good", good, pairs, full, 0), ("below the floor", one_wrong, pairs, full, 1), ("order", in_order, pairs, full, 1),
            ("width", narrow, pairs, full, 1), ("too few", good, pairs[1:], {"numbers": 1}, 1), ("groups", good, pairs, {"other": 1}, 1)):
        calls = []
        found = check(rows, floors, score)
        if len(found) != expected:
            sys.exit(f"self-test {name}: {expected} failures expected, got {found}")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    program, model, pairs_file, floors_file = sys.argv[1:]
    floors = {row["group"]: int(row["floor"]) for row in read(floors_file)}
    failures = check(read(pairs_file), floors, scorer(program, model))
    sys.exit("\n".join(failures) if failures else 0)


if __name__ == "__main__":
    main()
