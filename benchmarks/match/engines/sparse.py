# SPDX-License-Identifier: Apache-2.0
"""Cosines of TF-IDF by products of sparse matrices that keep the best of each row: sparse_dot_topn and sp_matmul_rs."""
import numpy
from sklearn.feature_extraction.text import TfidfVectorizer

from engines import Engine, versions_of

# Without terms that stand in many texts (max_df) they are faster and find more.
VARIANTS = {
    engine: [(dict(engine=engine, grams=grams, max_df=max_df), [{}])
             for grams, max_df in (((1, 2), 1.0), ((1, 2), 0.02), ((1, 2), 0.005), ((2, 3), 1.0), ((2, 3), 0.02), ((1, 3), 0.02))]
    for engine in ("sparse_dot_topn", "sp_matmul_rs")
}
THREADS = 2


def vectorizer(grams, max_df=1.0):
    """As the issue's yardstick: the logarithm of counts, single floats."""
    return TfidfVectorizer(analyzer="char", ngram_range=tuple(grams), max_df=max_df, sublinear_tf=True, dtype=numpy.float32)


def rows_of(product, top):
    """The columns of each row of a sparse product, best first."""
    rows = numpy.full((product.shape[0], top), -1)
    for row in range(product.shape[0]):
        part = slice(product.indptr[row], product.indptr[row + 1])
        order = numpy.argsort(-product.data[part], kind="stable")[:top]
        rows[row, :len(order)] = product.indices[part][order]
    return rows


class Product(Engine):
    def __init__(self, engine, grams, max_df):
        self.engine = engine
        self.vectors = vectorizer(grams, max_df)
        self.versions = versions_of(engine, "scikit-learn", "scipy")

    def build(self, texts):
        self.reference = self.vectors.fit_transform(texts).T.tocsr()

    def search(self, texts, top):
        asked = self.vectors.transform(texts)
        if self.engine == "sp_matmul_rs":
            from sp_matmul_rs import sp_matmul_topn
        else:
            from sparse_dot_topn import sp_matmul_topn
        return sp_matmul_topn(asked, self.reference, top_n=top, threshold=0.05, sort=True, n_threads=THREADS), top

    def rows(self, found):
        return rows_of(*found)


def create(**settings):
    return Product(**settings)
