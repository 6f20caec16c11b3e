# SPDX-License-Identifier: Apache-2.0
"""rapidfuzz: every query against every text, on two threads. Brute force, so on the corpus alone."""
import numpy
from rapidfuzz import fuzz, process

from engines import Engine, versions_of

SCORERS = {"ratio": fuzz.ratio, "token_set_ratio of characters": fuzz.token_set_ratio,
           "token_sort_ratio of characters": fuzz.token_sort_ratio, "partial_ratio": fuzz.partial_ratio, "WRatio": fuzz.WRatio}
VARIANTS = {"rapidfuzz": [({}, [dict(scorer=scorer) for scorer in SCORERS])]}
PIECE = 64  # queries whose scores are in memory at once


class Brute(Engine):
    most_queries = 128

    def __init__(self):
        self.versions = versions_of("rapidfuzz")

    def build(self, texts):
        self.texts = texts
        self.spaced = [" ".join(text) for text in texts]

    def search(self, texts, top, scorer):
        characters = scorer.endswith("characters")
        reference = self.spaced if characters else self.texts
        asked = [" ".join(text) for text in texts] if characters else texts
        rows = numpy.empty((len(asked), top), dtype=int)
        for first in range(0, len(asked), PIECE):
            scores = process.cdist(asked[first:first + PIECE], reference, scorer=SCORERS[scorer], workers=2, dtype=numpy.float32)
            best = numpy.argpartition(-scores, top, axis=1)[:, :top]
            order = numpy.argsort(-numpy.take_along_axis(scores, best, 1), axis=1, kind="stable")
            rows[first:first + PIECE] = numpy.take_along_axis(best, order, 1)
        return rows


def create(**settings):
    return Brute(**settings)
