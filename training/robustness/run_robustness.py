#!/usr/bin/env python3
"""Scores the hand-checked pairs with the bundled model: run_robustness.py MGEO_SCORE MODEL PAIRS FLOORS.

Prints how many pairs of each group get the expected relation and fails when a group falls below its recorded floor,
when the order of the two texts moves scores, or when full-width forms are not read like half-width ones.
"""
import statistics
import subprocess
import sys
import tempfile

program, model, pairs_file, floors_file = sys.argv[1:]
SYMMETRY = 0.02  # median of |s(a,b) - s(b,a)|
WIDTH = 0.001    # largest |s(a,b) - s(wide a,b)|


def read(path):
    with open(path, encoding="utf8") as f:
        lines = [line.rstrip("\n").split("\t") for line in f]
    return [dict(zip(lines[0], row)) for row in lines[1:]]


def score(texts):
    """(similarity, label) of each pair; (None, "none") where the program gives none."""
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf8") as f:
        f.write("".join(f"{a}\t{b}\n" for a, b in texts))
        f.flush()
        command = [program, "-q", "-m", model, "-d", "cpu", "-p", "fp32", "--header", "no", "-c", "1,2", f.name]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf8", timeout=300)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    if done.returncode not in (0, 1) or len(rows) != len(texts):
        sys.exit(f"{program} exits with {done.returncode} after {len(rows)} of {len(texts)} rows\n{done.stderr}")
    return [(float(row[2]), row[3]) if row[2] else (None, "none") for row in rows]


def wide(text):
    """The text with its ASCII letters and digits in full width."""
    return "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalnum() else c for c in text)


def gaps(left, right):
    """Distances between the scores of two runs, largest first, with the rows' numbers."""
    both = [(abs(a[0] - b[0]), k) for k, (a, b) in enumerate(zip(left, right)) if a[0] is not None and b[0] is not None]
    return sorted(both, reverse=True)


pairs = read(pairs_file)
floors = {row["group"]: int(row["floor"]) for row in read(floors_file)}
texts = [(p["a"], p["b"]) for p in pairs]
scored = score(texts)
failures = []
groups = list(dict.fromkeys(p["group"] for p in pairs))
total = 0
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
if set(floors) != set(groups):
    failures.append(f"groups of {pairs_file} and {floors_file} differ")

turned = gaps(scored, score([(b, a) for a, b in texts]))
median = statistics.median(gap for gap, _ in turned)
print(f"order of the texts: median difference {median:.4f}, largest {turned[0][0]:.4f}")
if median >= SYMMETRY:
    failures.append(f"the median of |s(a,b) - s(b,a)| is {median:.4f}, not under {SYMMETRY}")

widened = gaps(scored, score([(wide(a), b) for a, b in texts]))
print(f"full-width letters and digits: largest difference {widened[0][0]:.6f}")
if widened[0][0] > WIDTH:
    failures.append(f"full-width forms move the score of {texts[widened[0][1]]} by {widened[0][0]:.4f}")

sys.exit("\n".join(failures) if failures else 0)
