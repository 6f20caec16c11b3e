# SPDX-License-Identifier: Apache-2.0
"""Nearest neighbours of dense vectors: faiss (lists, graph) and usearch (graph).

Vectors are TF-IDF of 1-2-grams without those of more than 2% of the texts, projected at random on 1,024 dimensions. Why no SVD: with all
1-2-grams and vectors searched whole, a projection found 0.926 of the exact answers of train.tsv's queries at 20, an SVD 0.478 with 256
dimensions and 0.613 with 512. One setting with an SVD is kept to show it.
"""
import numpy
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize
from sklearn.random_projection import SparseRandomProjection

from engines import Engine, versions_of
from engines.sparse import vectorizer

VARIANTS = {
    "faiss": [(dict(kind="IVF", vectors="projection"), [dict(effort=effort) for effort in (16, 64, 256)]),
              (dict(kind="HNSW", vectors="projection"), [dict(effort=effort) for effort in (64, 256)]),
              (dict(kind="IVF", vectors="SVD"), [dict(effort=64)])],
    "usearch": [(dict(kind="usearch", vectors="projection"), [dict(effort=effort) for effort in (64, 256)])],
}
DIMENSIONS = {"projection": 1024, "SVD": 512}
SAMPLE = 20_000  # texts from which an SVD learns its dimensions
PIECE = 20_000   # texts whose vectors are made at once


class Vectors:
    def __init__(self, kind):
        self.kind, self.dimensions = kind, DIMENSIONS[kind]

    def fit(self, texts):
        self.vectors = vectorizer((1, 2), 0.02)
        counts = self.vectors.fit_transform(texts)
        if self.kind == "SVD":
            chosen = numpy.random.default_rng(19).permutation(counts.shape[0])[:SAMPLE]
            self.cutter = TruncatedSVD(self.dimensions, n_iter=1, random_state=19).fit(counts[chosen])
        else:
            self.cutter = SparseRandomProjection(self.dimensions, density=0.01, dense_output=True, random_state=19).fit(counts)
        return self.cut(counts)

    def of(self, texts):
        return self.cut(self.vectors.transform(texts))

    def cut(self, counts):
        cut = numpy.empty((counts.shape[0], self.dimensions), dtype=numpy.float32)
        for first in range(0, len(cut), PIECE):
            cut[first:first + PIECE] = normalize(self.cutter.transform(counts[first:first + PIECE]))
        return cut


class Faiss(Engine):
    def __init__(self, kind, vectors):
        import faiss

        faiss.omp_set_num_threads(2)
        self.faiss, self.kind, self.vectors = faiss, kind, Vectors(vectors)
        self.versions = versions_of("faiss-cpu", "scikit-learn")

    def build(self, texts):
        vectors = self.vectors.fit(texts)
        if self.kind == "IVF":
            lists = int(2 * len(texts) ** 0.5)
            self.index = self.faiss.index_factory(self.vectors.dimensions, f"IVF{lists},SQfp16", self.faiss.METRIC_INNER_PRODUCT)
            self.index.train(vectors[:lists * 40])
        else:
            self.index = self.faiss.index_factory(self.vectors.dimensions, "HNSW32_SQfp16", self.faiss.METRIC_INNER_PRODUCT)
            self.index.train(vectors[:10_000])
            self.index.hnsw.efConstruction = 80
        self.index.add(vectors)

    def search(self, texts, top, effort):
        if self.kind == "IVF":
            self.index.nprobe = effort
        else:
            self.index.hnsw.efSearch = max(effort, top)
        return self.index.search(self.vectors.of(texts), top)[1]


class Usearch(Engine):
    def __init__(self, kind, vectors):
        self.vectors = Vectors(vectors)
        self.versions = versions_of("usearch", "scikit-learn")

    def build(self, texts):
        from usearch.index import Index

        vectors = self.vectors.fit(texts)
        self.index = Index(ndim=self.vectors.dimensions, metric="ip", dtype="bf16", connectivity=32, expansion_add=80)
        self.index.add(numpy.arange(len(texts)), vectors, threads=2)

    def search(self, texts, top, effort):
        self.index.expansion_search = max(effort, top)
        return self.index.search(self.vectors.of(texts), top, threads=2), top

    def rows(self, found):
        matches, top = found
        keys = numpy.asarray(matches.keys).astype(numpy.int64)
        if keys.ndim == 1:
            keys = keys[None]
        counts = numpy.asarray(getattr(matches, "counts", numpy.full(len(keys), keys.shape[1])))
        return numpy.where(numpy.arange(keys.shape[1]) < counts[:, None], keys, -1)


def create(**settings):
    return (Usearch if settings["kind"] == "usearch" else Faiss)(**settings)
