# SPDX-License-Identifier: Apache-2.0
"""How many labelled answers stand among the first candidates, and how sure that figure is."""
import collections
import pathlib

import numpy

import corpus

CUTS = corpus.CUTS
ROUNDS = 1_000


class Measure:
    """The queries of a file, each once, and where their labelled answers stand in what an engine found for them.

    The corpus comes first in every table that is searched, so record c7 is its row 7.
    """

    def __init__(self, path):
        self.pairs = corpus.read_queries(path)
        self.texts = sorted({pair.text for pair in self.pairs})
        self.place = {text: place for place, text in enumerate(self.texts)}
        self.own = numpy.full(len(self.texts), -2)
        for pair in self.pairs:
            if pair.own_id:
                self.own[self.place[pair.text]] = int(pair.own_id[1:])
        self.query = numpy.array([self.place[pair.text] for pair in self.pairs])
        self.answer = numpy.array([int(pair.answer_id[1:]) for pair in self.pairs])
        self.label = numpy.array([pair.label for pair in self.pairs])

    def ranks(self, rows):
        """Of each pair: how many candidates stand before its answer; very many if it was not found. The query's own row is
        taken out. rows: [query, candidate], -1 where nothing was found."""
        rows = numpy.asarray(rows)
        hits = rows[self.query] == self.answer[:, None]
        rank = numpy.where(hits.any(1), hits.argmax(1), 1 << 30)
        own = rows[self.query] == self.own[self.query][:, None]
        return rank - (own & (numpy.arange(rows.shape[1]) < rank[:, None])).any(1)

    def recall(self, rows):
        """{label: {cut: (recall, standard error)}}; the error by drawing queries anew, with all the pairs of each."""
        found = self.ranks(rows)[:, None] < numpy.array(CUTS)
        chance = numpy.random.default_rng(19)
        drawn = chance.multinomial(len(self.texts), numpy.full(len(self.texts), 1 / len(self.texts)), ROUNDS)
        answers = {}
        for label in corpus.LABELS:
            mine = self.label == label
            weights = drawn[:, self.query[mine]]
            errors = ((weights @ found[mine]) / weights.sum(1)[:, None]).std(0)
            answers[label] = {cut: (float(mean), float(error)) for cut, mean, error in zip(CUTS, found[mine].mean(0), errors)}
        return answers


def read_reference(data, more=0):
    """The texts of the corpus and, after them, `more` distractors."""
    folder = pathlib.Path(data)
    texts = [row[1] for row in corpus.read_table(folder / "corpus.tsv")]
    if more:
        others = corpus.read_table(folder / "distractors_1m.tsv")
        if len(others) < more:
            raise SystemExit(f"{folder / 'distractors_1m.tsv'} has {len(others)} rows, {more} are asked for: make more with distractors.py")
        texts += [row[1] for row in others[:more]]
    return texts


def line_of(recall):
    """The figures in one line: exact 0.463 0.811 0.957 0.989, partial …"""
    parts = collections.OrderedDict((label.split("_")[0], recall[label]) for label in corpus.LABELS)
    return "  ".join(f"{name} " + " ".join(f"{mean:.3f}±{error:.3f}" for mean, error in cuts.values()) for name, cuts in parts.items())
