# SPDX-License-Identifier: Apache-2.0
"""string_grouper: match_strings of a table and queries, which vectorises and multiplies in one pass."""
import numpy
import pandas
from string_grouper import StringGrouper

from engines import Engine, versions_of

# Its cleaning to ASCII leaves nothing of Chinese, so it is off.
VARIANTS = {"string_grouper": [(dict(size=size), [dict(least=0.1)]) for size in (2, 3)]}


class Grouper(Engine):
    one_pass = True

    def __init__(self, size):
        self.size = size
        self.versions = versions_of("string_grouper", "sp_matmul_rs", "sparse_dot_topn", "scikit-learn", "pandas")

    def build(self, texts):
        self.reference = pandas.Series(texts)

    def search(self, texts, top, least):
        # It keeps the best for each text of its first table, so the queries are that one.
        grouper = StringGrouper(pandas.Series(texts), self.reference, ngram_size=self.size, normalize_to_ascii=False,
                                tfidf_matrix_dtype=numpy.float32, max_n_matches=top, min_similarity=least, number_of_processes=2,
                                include_zeroes=False, ignore_index=True)
        # get_matches also joins the texts of each match, which nobody asks for here.
        return grouper.fit()._matches_list, len(texts), top

    def rows(self, found):
        matches, count, top = found
        matches = matches.sort_values("similarity", ascending=False, kind="stable")
        matches = matches.assign(place=matches.groupby("master_side").cumcount())
        rows = numpy.full((count, top), -1)
        matches = matches[matches.place < top]
        rows[matches.master_side, matches.place] = matches.dupe_side
        return rows


def create(**settings):
    return Grouper(**settings)
