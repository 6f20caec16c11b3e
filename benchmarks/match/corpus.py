#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the corpus and the queries on which candidates are measured, from labelled pairs and cpca's addresses.

    benchmarks/match/corpus.py DATA OUT          writes OUT/{corpus,queries_dev,queries_train}.tsv
    benchmarks/match/corpus.py DATA OUT --check  also measures cosines of character n-grams (needs scikit-learn)

DATA holds pairs/train.tsv, pairs/dev.tsv and cpca/addr.csv. The corpus is each distinct text of train.tsv, of dev.tsv's second
texts and of cpca's addresses, in that order. A query is the first text of a pair with a label that says match; the pair's
second text is its answer. Pairs of two equal texts ask nothing and are left out, and so is a query's own text from what is
found for it. Tune on queries_train.tsv, whose texts all come from train.tsv; queries_dev.tsv is for measuring alone.
"""
import argparse
import collections
import csv
import pathlib
import sys

sys.dont_write_bytecode = True
LABELS = ("exact_match", "partial_match")
CUTS = (1, 5, 20, 50)
Query = collections.namedtuple("Query", "text answer label answer_id own_id")


def read_pairs(path):
    with open(path, encoding="utf-8", newline="") as lines:
        next(lines)
        return [tuple(line.rstrip("\r\n").split("\t")[1:4]) for line in lines]


def read_addresses(path):
    with open(path, encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        next(rows)
        return [" ".join(row[0].split()) if any(c in row[0] for c in "\t\r\n") else row[0] for row in rows]


def make_corpus(train, dev, addresses):
    """Texts in order of first sight; a text's place is its id."""
    texts = (text for pair in train for text in pair[:2])
    seconds = (pair[1] for pair in dev)
    return list(dict.fromkeys(text for part in (texts, seconds, addresses) for text in part if text))


def make_queries(pairs, ids):
    wanted = dict.fromkeys(pair for pair in pairs if pair[2] in LABELS and pair[0] != pair[1])
    return [Query(*pair, ids[pair[1]], ids.get(pair[0], "")) for pair in wanted]


def write(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        out.write("\t".join(header) + "\n")
        out.writelines("\t".join(map(str, row)) + "\n" for row in rows)


def read_table(path):
    with open(path, encoding="utf-8", newline="") as lines:
        next(lines)
        return [line.rstrip("\n").split("\t") for line in lines]


def read_queries(path):
    return [Query(*row) for row in read_table(path)]


def check(corpus, queries):
    """The yardstick of the issue: cosine of TF-IDF of character n-grams, term counts by their logarithm."""
    import numpy
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = sorted({query.text for query in queries})
    rows = {text: row for row, text in enumerate(texts)}
    place = {record: row for row, record in enumerate(corpus)}
    for grams in ((1, 2), (2, 3)):
        vectors = TfidfVectorizer(analyzer="char", ngram_range=grams, sublinear_tf=True, dtype=numpy.float32)
        reference = vectors.fit_transform(corpus.values())
        asked = vectors.transform(texts)
        ranks = []
        for query in queries:
            scores = (asked[rows[query.text]] @ reference.T).toarray()[0]
            better = scores > scores[place[query.answer_id]]
            ranks.append(better.sum() - (query.own_id != "" and better[place[query.own_id]]))
        for label in LABELS:
            mine = numpy.array([rank for rank, query in zip(ranks, queries) if query.label == label])
            print(f"{grams[0]}-{grams[1]}-grams {label} ({len(mine)}):",
                  " ".join(f"{(mine < cut).mean():.3f}" for cut in CUTS), f"at {CUTS}")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("data", type=pathlib.Path)
    options.add_argument("out", type=pathlib.Path)
    options.add_argument("--check", action="store_true")
    given = options.parse_args()
    train, dev = (read_pairs(given.data / "pairs" / f"{name}.tsv") for name in ("train", "dev"))
    corpus = {f"c{row}": text for row, text in enumerate(make_corpus(train, dev, read_addresses(given.data / "cpca" / "addr.csv")))}
    ids = {text: record for record, text in corpus.items()}
    given.out.mkdir(parents=True, exist_ok=True)
    write(given.out / "corpus.tsv", ("id", "text"), corpus.items())
    for name, pairs in (("dev", dev), ("train", train)):
        queries = make_queries(pairs, ids)
        write(given.out / f"queries_{name}.tsv", ("query", "answer", "label", "answer_id", "own_id"), queries)
        counts = collections.Counter(query.label for query in queries)
        print(f"queries_{name}.tsv: {len(queries)} pairs of {len({query.text for query in queries})} queries, {dict(counts)}")
        if given.check and name == "dev":
            check(corpus, queries)
    print(f"corpus.tsv: {len(corpus)} texts")


if __name__ == "__main__":
    main()
