# SPDX-License-Identifier: Apache-2.0
"""Tables of every package into score(), and results as Arrow out of it."""
import gc
import sys
import unittest
from unittest import mock

import support
from support import PAIRS, loaded

support.need("numpy")
import mgeo  # noqa: E402
import numpy as np  # noqa: E402

A = [a for a, _ in PAIRS] + [None, "", "\U0001f600" * 5]
B = [b for _, b in PAIRS] + ["x", "y", None]
HAS_PYARROW = support.has("pyarrow")
if HAS_PYARROW:
    import pyarrow as pa


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = loaded()
        cls.expected = cls.engine.score(A, B, logits=True)

    @classmethod
    def tearDownClass(cls):
        cls.engine.close()

    def check(self, *given, **options):
        """As the lists' answers, bit for bit."""
        result = self.engine.score(*given, logits=True, **options)
        for name in ("similarity", "label", "probabilities", "flags", "null", "logits"):
            found, expected = getattr(result, name), getattr(self.expected, name)
            np.testing.assert_array_equal(found, expected, name)
            self.assertEqual(found.dtype, expected.dtype)
        self.assertEqual((result.labels, result.generation), (self.expected.labels, self.expected.generation))
        return result

    def test_numpy(self):
        self.check(np.array(A, object), np.array(B, object))
        self.check(np.array([A, B], object).T)
        pairs = np.array(PAIRS)
        self.assertEqual(pairs.dtype.kind, "U")
        np.testing.assert_array_equal(self.engine.score(pairs).similarity, self.expected.similarity[:4])
        with self.assertRaisesRegex(mgeo.ArgumentError, r"\(n, 2\)"):
            self.engine.score(np.array([["a", "b", "c"]]))

    @unittest.skipUnless(support.has("pandas"), "no pandas")
    def test_pandas(self):
        import pandas as pd

        frame = pd.DataFrame({"id": range(len(A)), "a": A, "b": B})
        self.check(frame)
        self.check(frame.rename(columns={"a": "x", "b": "y"}), columns=("x", "y"))
        self.check(frame.a, frame.b)
        self.check(pd.Series([pd.NA if a is None else a for a in A]), pd.Series(B).fillna(float("nan")))
        if HAS_PYARROW:
            self.check(frame.astype({"a": "string[pyarrow]", "b": pd.ArrowDtype(pa.large_string())}))
            self.check(frame.a.astype("category"), frame.b)
        with self.assertRaisesRegex(mgeo.ArgumentError, "row 0: a text is int"):
            self.engine.score(frame.id, frame.b)
        with self.assertRaisesRegex(mgeo.ArgumentError, "1 columns of texts"):
            self.engine.score(frame[["id", "b"]])

    @unittest.skipUnless(support.has("polars"), "no polars")
    def test_polars(self):
        import polars as pl

        frame = pl.DataFrame({"id": range(len(A)), "a": A, "b": B})
        self.check(frame)
        self.check(frame["a"], frame["b"])
        self.check(frame["a"], B)
        self.check(frame.with_columns(pl.col("a").cast(pl.Categorical)), columns=("a", "b"))
        chunks = pl.concat([frame[:2], frame[2:3], frame[3:]], rechunk=False)
        self.assertGreater(chunks.n_chunks(), 1)
        self.check(chunks)
        self.check(chunks["a"], frame["b"])
        self.assertEqual(pl.DataFrame(self.expected)["label"].cast(pl.String).to_list(), self.expected.label_names())

    def test_a_column_that_is_not_there(self):
        """One line, whichever package the table is of, where texts are scored and where they are compared."""
        tables = [{"a": A, "b": B}]
        for package, make in (("pandas", "DataFrame"), ("polars", "DataFrame"), ("pyarrow", "table")):
            if support.has(package):
                tables.append(getattr(__import__(package), make)({"a": A, "b": B}))
        for table in tables:
            for score in (self.engine.score, self.engine.compare):
                with self.assertRaisesRegex(mgeo.ArgumentError, 'no column "z" among its 2'):
                    score(table, columns=("a", "z"))
        with self.assertRaisesRegex(mgeo.ArgumentError, "which two columns.* of 'a', 'b'"):
            self.engine.score({"a": A, "b": B})

    @unittest.skipUnless(HAS_PYARROW, "no pyarrow")
    def test_pyarrow(self):
        table = pa.table({"id": range(len(A)), "a": A, "b": B})
        self.check(table)
        self.check(table.to_batches()[0])
        self.check(table.select(["b", "a"]), columns=("a", "b"))
        for kind in (pa.string(), pa.large_string(), pa.string_view()):
            self.check(pa.array(A, kind), pa.array(B, kind))
        self.check(pa.array(A).dictionary_encode(), pa.array(["?", *B, "?"])[1:-1])
        self.check(pa.chunked_array([A[:1], A[1:5], A[5:5], A[5:]]), pa.chunked_array([B[:4], B[4:]]))
        self.check(table.filter(pa.array([True] * len(A))))
        self.check(pa.chunked_array([A[:3], A[3:]]), B)
        with self.assertRaisesRegex(mgeo.ArgumentError, "no column"):
            self.engine.score(table, columns=("a", "z"))
        with self.assertRaisesRegex(mgeo.ArgumentError, "differ in length"):
            self.engine.score(pa.array(A), pa.array(B[1:]))
        with self.assertRaises(mgeo.UnsupportedError):
            self.engine.score(table["id"], table["b"])
        with self.assertRaisesRegex(mgeo.ArgumentError, "one column was given"):
            self.engine.score(table["a"])
        self.assertEqual(len(self.engine.score(table[:0])), 0)

    @unittest.skipUnless(HAS_PYARROW, "no pyarrow")
    def test_chunks_are_one_model_s(self):
        halves = pa.chunked_array([A[:3], A[3:]]), pa.chunked_array([B[:2], B[2:]])
        with self.engine.job() as job:
            result = job.score(*halves)
        np.testing.assert_array_equal(result.similarity, self.expected.similarity)
        self.assertEqual(self.engine.rollout().jobs, 0)

    @unittest.skipUnless(HAS_PYARROW, "no pyarrow")
    def test_answers_outlive_engine_and_table(self):
        with loaded() as engine:
            result = engine.score(pa.table({"a": A, "b": B}))
        table = pa.table(result)
        part = result.similarity[1:]
        del result, engine
        gc.collect()
        np.testing.assert_array_equal(part, self.expected.similarity[1:])
        self.assertEqual(table["label"].to_pylist(), self.expected.label_names())

    @unittest.skipUnless(HAS_PYARROW, "no pyarrow")
    def test_out_as_arrow(self):
        table = pa.table(self.expected)
        table.validate(full=True)
        self.assertEqual(table.column_names,
                         ["similarity", "label", "probabilities", "flags", "generation", "logits"])
        self.assertEqual(table["label"].to_pylist(), self.expected.label_names())
        self.assertEqual(table["similarity"].null_count, 3)
        self.assertEqual(table["flags"].to_pylist()[4:], [None, 4, None])
        self.assertEqual(pa.record_batch(self.expected).num_rows, len(A))
        with self.assertRaises(KeyError):  # while the table is freed: the exception is not lost
            pa.table(self.engine.score(A, B))["nowhere"]

    @unittest.skipUnless(support.has("polars"), "no polars")
    def test_out_without_pyarrow(self):
        import polars as pl

        with mock.patch.dict(sys.modules, {"pyarrow": None}):
            self.assertFalse(hasattr(self.expected, "__arrow_c_array__"))
            frame = pl.DataFrame(self.expected)
            with mock.patch.dict(sys.modules, {"polars": None}), self.assertRaisesRegex(mgeo.UnsupportedError, "install"):
                self.expected.__arrow_c_stream__()
        self.assertEqual(frame["label"].to_list(), self.expected.label_names())
        self.assertEqual(frame["flags"].to_list()[4:], [None, 4, None])


@unittest.skipUnless(HAS_PYARROW, "no pyarrow")
class Streams(unittest.TestCase):
    def setUp(self):
        self.engine = loaded()
        self.addCleanup(self.engine.close)
        self.batch = pa.record_batch({"a": A, "b": B})
        self.reader = pa.RecordBatchReader.from_batches(self.batch.schema, iter([self.batch] * 3))

    def test_batches_by_one_model(self):
        self.engine.load(threads=1)
        expected = self.engine.score(self.batch)
        with self.engine.score_stream(self.reader) as stream:
            first = next(stream)
            self.engine.swap()
            rest = list(stream)
        for result in (first, *rest):
            self.assertEqual(result.generation, 1)
            np.testing.assert_array_equal(result.similarity, expected.similarity)
        self.assertEqual(len(rest), 2)
        self.assertEqual(self.engine.rollout().jobs, 0)

    def test_as_arrow(self):
        stream = self.engine.score_stream(self.reader, columns=("a", "b"), logits=True)
        table = pa.RecordBatchReader.from_stream(stream).read_all()
        table.validate(full=True)
        self.assertEqual((table.num_rows, table.column_names[-1]), (3 * len(A), "logits"))

    def test_engine_is_closed_meanwhile(self):
        stream = self.engine.score_stream(self.reader)
        next(stream)
        self.engine.close()
        with self.assertRaises(mgeo.ClosedError):
            next(stream)

    def test_dropped_before_its_end(self):
        stream = self.engine.score_stream(self.reader)
        next(stream)
        self.assertEqual(self.engine.rollout().jobs, 1)
        del stream
        gc.collect()
        self.assertEqual(self.engine.rollout().jobs, 0)

    def test_source_fails(self):
        def batches():
            yield self.batch
            raise RuntimeError("the disk burns")

        stream = self.engine.score_stream(pa.RecordBatchReader.from_batches(self.batch.schema, batches()))
        next(stream)
        with self.assertRaisesRegex(mgeo.Error, "the disk burns"):
            next(stream)
        stream.close()
        with self.assertRaisesRegex(mgeo.Error, "the disk burns"):
            self.engine.score(pa.RecordBatchReader.from_batches(self.batch.schema, batches()))
        with self.assertRaisesRegex(mgeo.ArgumentError, "no stream of record batches"):
            self.engine.score_stream(3)
        with self.assertRaisesRegex(mgeo.ArgumentError, "no column"):
            self.engine.score_stream(self.reader, columns=("a", "z"))


class WithoutImports(unittest.TestCase):
    def test_nothing_is_imported(self):
        self.assertEqual([name for name in ("pandas", "polars", "pyarrow", "tqdm") if name in IMPORTED], [])


# In a process of its own, as this one imports them all.
IMPORTED = support.run_code("""
import sys, mgeo
with mgeo.Engine() as engine:
    engine.load(threads=1)
    engine.score("a", "b")
    assert "numpy" not in sys.modules and "asyncio" not in sys.modules
    engine.score([("a", "b"), (None, "c")])
print(*sys.modules)
""").split()

if __name__ == "__main__":
    support.main()
