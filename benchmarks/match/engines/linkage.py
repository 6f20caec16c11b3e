# SPDX-License-Identifier: Apache-2.0
"""Splink on DuckDB: queries linked to the table, blocked by their rarest bigrams and by their first number, best pairs first.

Splink's guides to addresses block on rare tokens and compare arrays of tokens; Chinese has no words, so bigrams stand for them.
"""
import collections
import itertools
import logging
import re

import numpy
import pandas

from engines import Engine, versions_of

VARIANTS = {"splink": [(dict(keys=keys), [{}]) for keys in (4, 10)]}
NUMBER = re.compile(r"[0-9]+")


def bigrams_of(text):
    return sorted({text[at:at + 2] for at in range(len(text) - 1)}) or [text]


class Linkage(Engine):
    one_pass = True
    most_queries = 4_000

    def __init__(self, keys):
        self.keys = keys
        self.versions = versions_of("splink", "duckdb")
        logging.getLogger("splink").setLevel(logging.ERROR)

    def build(self, texts):
        self.counts = collections.Counter(itertools.chain.from_iterable(map(bigrams_of, texts)))
        self.reference = self.table(texts)

    def table(self, texts):
        bigrams = [bigrams_of(text) for text in texts]
        numbers = [sorted(set(NUMBER.findall(text))) for text in texts]
        first = [(NUMBER.search(text) or re.search("", text)).group(0) for text in texts]
        keys = [sorted((gram for gram in grams if gram in self.counts), key=self.counts.get)[:self.keys] for grams in bigrams]
        return pandas.DataFrame(dict(unique_id=numpy.arange(len(texts)), text=texts, bigrams=bigrams, numbers=numbers, keys=keys,
                                     first=[f"{number} {text[:2]}" if number else None for number, text in zip(first, texts)]))

    def search(self, texts, top):
        import duckdb
        import splink.comparison_library as compare
        from splink import DuckDBAPI, Linker, SettingsCreator, block_on

        connection = duckdb.connect()
        connection.execute("SET threads=2")
        database = DuckDBAPI(connection=connection)
        settings = SettingsCreator(
            link_type="link_only", retain_matching_columns=False, max_iterations=5,
            blocking_rules_to_generate_predictions=[block_on("keys", arrays_to_explode=["keys"]), block_on("first")],
            comparisons=[compare.ArrayIntersectAtSizes("bigrams", [14, 11, 9, 7, 5, 4, 3, 2]),
                         compare.ArrayIntersectAtSizes("numbers", [2, 1]),
                         compare.JaroWinklerAtThresholds("text", [0.9, 0.8, 0.7, 0.6])])
        tables = [database.register(table, dataset_display_name=name)
                  for name, table in (("a_query", self.table(texts)), ("b_reference", self.reference))]
        linker = Linker(tables, settings, log_level=logging.ERROR)
        linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=19)
        linker.training.estimate_parameters_using_expectation_maximisation(block_on("first"))
        pairs = linker.inference.predict(threshold_match_weight=-20)
        best = connection.execute(f"SELECT unique_id_l AS query, unique_id_r AS row, match_weight FROM {pairs.physical_name} "
                                  f"QUALIFY row_number() OVER (PARTITION BY unique_id_l ORDER BY match_weight DESC, unique_id_r) <= {top} "
                                  "ORDER BY query, match_weight DESC, row").df()
        connection.close()
        return best, len(texts), top

    def rows(self, found):
        best, count, top = found
        rows = numpy.full((count, top), -1)
        rows[best["query"], best.groupby("query").cumcount()] = best["row"]
        return rows


def create(**settings):
    return Linkage(**settings)
