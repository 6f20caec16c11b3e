# SPDX-License-Identifier: Apache-2.0
"""What is given by mistake: each is one clear exception, and never a crash, a hang or scores of something else."""
import asyncio
import os
import signal
import subprocess
import sys
import unittest
import warnings

import support
from support import MINI, PAIRS, loaded, many_pairs

support.need("numpy")
import mgeo  # noqa: E402
import numpy as np  # noqa: E402

A, B = [a for a, _ in PAIRS], [b for _, b in PAIRS]


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = loaded()

    @classmethod
    def tearDownClass(cls):
        cls.engine.close()

    def refused(self, line, *given, **options):
        with self.assertRaisesRegex(mgeo.ArgumentError, line):
            self.engine.score(*given, **options)


class Texts(Hostile):
    def test_what_would_come_apart_as_a_pair(self):
        for rows in (["北京", "上海"], [b"ab"], [{"a": "x", "b": "y"}], [{"x", "y"}], {"a1": A, "b1": B}.keys(),
                     {"a1": A, "b1": B}):
            self.refused("row 0 is no pair of two texts|which two columns", rows)
        self.engine.load(threads=1)
        with self.assertRaisesRegex(mgeo.ArgumentError, "row 0 is no pair"):
            self.engine.compare(["北京", "上海"])

    def test_nan_of_any_width_is_null(self):
        values = [np.float32("nan"), np.float64("nan"), np.float16("nan"), float("nan"), None]
        self.assertTrue(self.engine.score(values, ["x"] * len(values)).null.all())

    def test_arrays_of_more_than_a_column(self):
        self.refused("not an array of the shape", np.array([A, A]), np.array([B, B]))
        single = self.engine.score(np.array(A)[:, None], np.array(B)[:, None])
        np.testing.assert_array_equal(single.similarity, self.engine.score(A, B).similarity)

    def test_what_is_no_table(self):
        self.refused("object is no table", object())
        self.refused('no column "c"', {"a": A, "b": B}, columns=("a", "c"))
        self.refused("has not one column 'a'", [{"a": "x", "b": "y"}], columns=("a", "b"))
        self.refused("progress is str", A, B, progress="yes")

    @unittest.skipUnless(support.has("pandas"), "no pandas")
    def test_pandas_columns_of_one_name(self):
        import pandas as pd

        frame = pd.DataFrame(list(zip(A, B, A)), columns=["a", "a", "c"])
        expected = self.engine.score(A, B).similarity
        np.testing.assert_array_equal(self.engine.score(frame).similarity, expected)  # by place, as of Arrow
        self.refused("two columns 'a'", frame, columns=("a", "c"))
        self.refused("3 columns where one is|3 columns where one column", frame, B)
        np.testing.assert_array_equal(self.engine.score(frame[["c"]], pd.Series(B)).similarity, expected)

    @unittest.skipUnless(support.has("polars"), "no polars")
    def test_polars_that_is_not_computed(self):
        import polars as pl

        frame = pl.DataFrame({"a": A, "b": B})
        self.refused("LazyFrame is not computed yet", frame.lazy())
        self.refused("0 is int", frame, columns=(0, 1))

    @unittest.skipUnless(support.has("pyarrow"), "no pyarrow")
    def test_arrow_structs_with_nulls(self):
        import pyarrow as pa

        plain = pa.array([*A, None])
        for texts in (plain, plain.cast(pa.string_view()), plain.dictionary_encode()):
            for mask in ([True, False, True, False, False], [False] * 5):
                struct = pa.StructArray.from_arrays([texts], ["x"], mask=pa.array(mask))[1:]
                null = self.engine.score(struct, [*B, "x"][1:]).null.tolist()
                self.assertEqual(null, [*mask[1:-1], True])

    @unittest.skipUnless(support.has("pyarrow"), "no pyarrow")
    def test_compare_takes_a_table_s_texts(self):
        import pyarrow as pa

        self.engine.load(threads=1)
        self.assertEqual(self.engine.compare(pa.table({"id": range(len(A)), "a": A, "b": B})).pairs, len(A))
        with self.assertRaisesRegex(mgeo.ArgumentError, "has not one column 'a'"):
            self.engine.compare(pa.table([A, B], ["a", "a"]))


class Options(Hostile):
    def test_a_number_is_no_text(self):
        for name in ("device", "positive_label", "version", "actor", "reason"):
            with self.assertRaisesRegex(mgeo.ArgumentError, "1 is int, and a str is needed"):
                self.engine.load(**{name: 1})
        with self.assertRaisesRegex(mgeo.ArgumentError, "no Unicode text"):
            self.engine.load(version="\ud800")

    def test_numbers_that_do_not_fit(self):
        for name, value in (("threads", 2**32), ("threads", -1), ("max_length", 2**32 + 7), ("memory_limit", -1)):
            with self.assertRaisesRegex(mgeo.ArgumentError, f"{name} is {value}"):
                self.engine.load(**{name: value})
        self.engine.load(threads=1)
        with self.assertRaisesRegex(mgeo.ArgumentError, "worst_capacity is -1"):
            self.engine.compare(PAIRS, worst=-1)
        with self.assertRaisesRegex(mgeo.ArgumentError, "pairs_per_call is 'x'"):
            self.engine.compare(PAIRS, pairs_per_call="x")

    def test_route_keys_may_be_any_hash(self):
        for given in ((A, B), (np.array(A), B), ("a", "b")):
            self.engine.score(*given, route_key=-5)


class Ends(unittest.TestCase):
    def test_async_after_close(self):
        engine = loaded()
        asyncio.run(engine.score_async("a", "b"))
        engine.close()
        with self.assertRaises(mgeo.ClosedError):
            asyncio.run(engine.score_async("a", "b"))

    @unittest.skipUnless(hasattr(os, "fork"), "no fork")
    def test_async_in_a_forked_child(self):
        with loaded() as engine, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons warn of a fork with threads
            asyncio.run(engine.score_async("a", "b"))
            child = os.fork()
            if child == 0:
                signal.alarm(60)
                try:
                    asyncio.run(engine.score_async("a", "b"))
                except mgeo.ForkedError:
                    os._exit(7)
                os._exit(1)
            self.assertEqual(os.WEXITSTATUS(os.waitpid(child, 0)[1]), 7)

    def test_a_task_cancelled_twice_leaves_no_complaint(self):
        complaints = []

        async def storm(engine):
            asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
            tasks = [asyncio.ensure_future(engine.score_async(many_pairs(2000))) for _ in range(8)]
            for _ in range(2):
                await asyncio.sleep(0.02)
                for task in tasks:
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            del tasks
            await engine.score_async("a", "b")

        with loaded() as engine:
            asyncio.run(storm(engine))
        self.assertEqual(complaints, [])

    @unittest.skipUnless(support.has("pyarrow"), "no pyarrow")
    def test_a_stream_does_not_end_early_in_silence(self):
        import pyarrow as pa

        batch = pa.record_batch({"a": A, "b": B})

        def batches():
            yield batch
            raise ValueError("the wire was cut")

        with loaded() as engine:
            stream = engine.score_stream(pa.RecordBatchReader.from_batches(batch.schema, batches()))
            next(stream)
            for _ in range(2):  # the generator has ended by the second time
                with self.assertRaisesRegex(mgeo.ReadError, "the wire was cut"):
                    next(stream)
            stream = engine.score_stream(pa.RecordBatchReader.from_batches(batch.schema, iter([batch] * 2)))
            next(stream)
            stream.close()
            with self.assertRaises(mgeo.ClosedError):
                next(stream)
            self.assertEqual(len(list(engine.score_stream(pa.table(batch)))), 1)

    def test_without_numpy(self):
        code = ("import sys\nsys.modules['numpy'] = None\nimport mgeo\n"
                f"with mgeo.Engine() as engine:\n    engine.load({str(MINI)!r}, threads=1)\n"
                "    assert engine.score('a', 'b').similarity > 0\n    engine.score([('a', 'b')])\n")
        environment = {**os.environ, "PYTHONPATH": str(support.PACKAGE)}
        ended = subprocess.run([sys.executable, "-W", "error", "-c", code], stderr=subprocess.PIPE, text=True,
                               cwd=os.sep, env=environment)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("numpy", ended.stderr.splitlines()[-1])


if __name__ == "__main__":
    support.main()
