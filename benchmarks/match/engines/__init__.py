# SPDX-License-Identifier: Apache-2.0
"""What is compared: each engine builds an index of texts and finds the rows nearest to other texts.

An engine is a class with build(texts), search(texts, top, **settings) and rows(found), which turns what was found into an array
[query, candidate] of rows, -1 where nothing was found, and is not timed. VARIANTS of each module names what is measured: how the
index is built, and the settings with which one index is searched.
"""
import importlib
import importlib.metadata

MODULES = {"mgeo": "ours", "mgeo-match": "program", "sparse_dot_topn": "sparse", "sp_matmul_rs": "sparse", "string_grouper": "grouper",
           "rapidfuzz": "brute", "faiss": "dense", "usearch": "dense", "pg_trgm": "postgres", "splink": "linkage"}
BRUTE = {"rapidfuzz"}  # looks at every text for every query: not tried on more than the corpus


def module_of(engine):
    return importlib.import_module(f"engines.{MODULES[engine]}")


def versions_of(*packages):
    return {package: importlib.metadata.version(package) for package in packages}


class Engine:
    """What most engines share: they work in this process and hold nothing outside it."""

    most_queries = None  # that are asked for the speed; None: as many as the caller wants
    one_pass = False     # index and search cannot be told apart: each search does both

    def rows(self, found):
        return found

    def outside_seconds(self):
        """Processor time that other processes have spent for this engine, which the system does not count as ours."""
        return 0.0

    def outside_bytes(self):
        return 0

    def close(self):
        pass
