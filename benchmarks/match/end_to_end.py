#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From queries to decided pairs: precision, recall and F1 at 1, 3, 5 and 10 scored candidates a row, and what a cascade changes.

    MGEO_MATCH=build/cli/mgeo-match MGEO_SCORE=build/cli/mgeo-score benchmarks/match/end_to_end.py FOLDER --pairs DEV.tsv [--model DIR]
        [--first DIR|bundled --keep-agreement 99.5% | --sure P | --band LO,HI] [--more 1000000]

`mgeo-match match --candidates` finds the candidates of the queries of FOLDER (corpus.py) in the corpus, and `mgeo-score` labels them.
A pair counts as a match if its label is exact_match, or, in the second half of the table, exact_match or partial_match. Recall
counts the labelled matches that were found and called so: what the candidates lost is lost. Precision counts the pairs
called so whose label is known; most pairs have none, and "at least" is the precision if all those were wrong. With --first the
same candidates are scored once more through the cascade: the share of pairs that the large model saw, and how many labels agree.
"""
import argparse
import collections
import csv
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import engines.program  # noqa: E402
import ranks  # noqa: E402

COUNTS = (1, 3, 5, 10)
KINDS = {"exact": ("exact_match",), "exact or partial": ("exact_match", "partial_match")}
Pair = collections.namedtuple("Pair", "query row rank")


def scorer():
    found = os.environ.get("MGEO_SCORE") or shutil.which("mgeo-score")
    if not found:
        raise SystemExit("mgeo-score is not there: MGEO_SCORE=build/cli/mgeo-score names it")
    return found


def candidates_of(queries, reference):
    """The first ten of each query, its own row left out."""
    engine = engines.program.create()
    try:
        engine.build(reference)
        rows = engine.rows(engine.search(queries.texts, max(COUNTS) + 1))
    finally:
        engine.close()
    pairs = []
    for query, found in enumerate(rows):
        others = [int(row) for row in found if row >= 0 and row != queries.own[query]]
        pairs += [Pair(query, row, rank) for rank, row in enumerate(others[:max(COUNTS)], 1)]
    return pairs


def label(pairs, queries, reference, arguments):
    """What mgeo-score says of the pairs: their labels, and who decided each, if it tells."""
    with tempfile.TemporaryDirectory() as folder:
        table, out = pathlib.Path(folder, "pairs.tsv"), pathlib.Path(folder, "scored.tsv")
        with open(table, "w", encoding="utf-8") as lines:
            lines.write("sentence1\tsentence2\n")
            lines.writelines(f"{queries.texts[pair.query]}\t{reference[pair.row]}\n" for pair in pairs)
        table_is = ["--input-format", "tsv", "--header", "yes", "--null-words", ""]
        run = subprocess.run([scorer(), *table_is, "-o", out, *arguments, table], stderr=subprocess.PIPE, text=True)
        if run.returncode not in (0, 1):
            raise SystemExit(run.stderr)
        with open(out, encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    said = [line for line in run.stderr.splitlines() if "chosen on" in line or "decided" in line]
    return [row["label"] for row in rows], [row.get("decided_by", "") for row in rows], said


def known_of(queries):
    """{(query, row): label} of all labelled pairs of the queries' file; of two labels the stronger one."""
    known = {}
    for query, row, name in zip(queries.query, queries.answer, queries.label):
        if known.get((query, row)) != "exact_match":
            known[query, row] = name
    return known


def rejected_of(data, queries, place_of):
    """The pairs that dev.tsv calls no match: without them each decided pair that has a label would be right."""
    import corpus

    pairs = corpus.read_pairs(data)
    return {(queries.place[first], place_of[second]) for first, second, name in pairs
            if name == "not_match" and first in queries.place and second in place_of}


def figures(pairs, labels, known, rejected, most, names):
    wanted = {key for key, name in known.items() if name in names}
    called = {(pair.query, pair.row) for pair, name in zip(pairs, labels) if pair.rank <= most and name in names}
    right = len(called & wanted)
    judged = right + len(called & rejected) + len({key for key in called & set(known) if known[key] not in names})
    precision, recall = right / max(judged, 1), right / len(wanted)
    return dict(precision=precision, least=right / max(len(called), 1), recall=recall, called=len(called), judged=judged,
                f1=2 * precision * recall / max(precision + recall, 1e-9))


def print_figures(name, pairs, labels, known, rejected):
    for kind, names in KINDS.items():
        for most in COUNTS:
            of = figures(pairs, labels, known, rejected, most, names)
            print(f"| {name} | {kind} | {most} | {of['precision']:.3f} | {of['recall']:.3f} | {of['f1']:.3f} | {of['judged']:,} "
                  f"| {of['called']:,} | {of['least']:.3f} |")


def print_cascade(pairs, labels, again, steps):
    print("\n| candidates a row | pairs | seen by the large model | decided by the form | by the first | labels that agree |\n"
          + "|---" * 6 + "|")
    for most in COUNTS:
        mine = [at for at, pair in enumerate(pairs) if pair.rank <= most]
        who = collections.Counter(steps[at] for at in mine)
        agree = sum(labels[at] == again[at] for at in mine) / len(mine)
        form, first = who["same_form"] / len(mine), who["first"] / len(mine)
        print(f"| {most} | {len(mine):,} | {1 - form - first:.1%} | {form:.1%} | {first:.1%} | {agree:.2%} |")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=pathlib.Path)
    options.add_argument("--pairs", type=pathlib.Path, required=True, help="the labelled table of the queries: dev.tsv")
    options.add_argument("--more", type=int, default=0, help="distractors beside the corpus")
    options.add_argument("--model", help="a model's folder; the bundled one if left out")
    options.add_argument("--precision", default="auto")
    options.add_argument("--first", help="the first model of a cascade: a folder, or bundled")
    for name in ("keep-agreement", "sure", "band"):
        options.add_argument(f"--{name}")
    given = options.parse_args()
    queries = ranks.Measure(given.folder / "queries_dev.tsv")
    reference = ranks.read_reference(given.folder, given.more)
    rejected = rejected_of(given.pairs, queries, {text: row for row, text in enumerate(reference)})
    pairs, known = candidates_of(queries, reference), known_of(queries)
    model = ["-p", given.precision, "-j", "2", *(["-m", given.model] if given.model else [])]
    labels, _, _ = label(pairs, queries, reference, model)
    print("| labels of | match is | candidates a row | precision | recall | F1 | of pairs with a label | pairs called so "
          "| precision at least |\n" + "|---" * 9 + "|")
    print_figures("the model alone", pairs, labels, known, rejected)
    if given.first:
        rule = [part for name in ("keep_agreement", "sure", "band") if getattr(given, name)
                for part in (f"--{name.replace('_', '-')}", getattr(given, name))]
        again, steps, said = label(pairs, queries, reference, [*model, "--first", given.first, *rule])
        print_figures("the cascade", pairs, again, known, rejected)
        print_cascade(pairs, labels, again, steps)
        print("\n".join(["", *said]))


if __name__ == "__main__":
    main()
