# SPDX-License-Identifier: Apache-2.0
"""--resume with Parquet and Arrow: killed anywhere and run again, the rows are those of a run that was left alone,
and no file that is not whole ever lies in the output's place."""
import os
import signal
import subprocess
import unittest

from harness import MGEO, PROGRAM, SANITIZED
from resume_test import KILL_POINT, ResumeCase, many

try:
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.ipc as ipc
    import pyarrow.parquet as pq
except ImportError:
    pa = None

FORMATS = ("out.parquet", "out.arrow", "out.arrows")


def rows_of(path):
    if path.endswith(".parquet"):
        return pq.read_table(path)
    with (ipc.open_stream if path.endswith(".arrows") else ipc.open_file)(path) as reader:
        return reader.read_all()


@unittest.skipIf(pa is None, "needs pyarrow")
class Columns(ResumeCase):
    def give(self, count, name="in.parquet"):
        """Pairs in row groups of 50, with null texts, a dictionary that differs from group to group, and numbers."""
        lines = [line.split(b"\t") for line in many(count).splitlines()[1:]]
        texts = [[line[i].decode("utf-8", "replace") if len(line) > i else None for line in lines] for i in (1, 2)]
        table = pa.table({"id": pa.array(range(len(lines))), "sentence1": texts[0],
                          "sentence2": pa.array(texts[1]).dictionary_encode()})
        path = os.path.join(self.where, name)
        if name.endswith(".parquet"):
            pq.write_table(table, path, row_group_size=50)
        else:
            with ipc.new_stream(path, table.schema) as writer:
                writer.write_table(table, max_chunksize=50)

    def arguments(self, *more, out="out.parquet", inputs=("in.parquet",), resume=True):
        kept = ["--resume", "--resume-every", "16"] if resume else []
        return ["-o", out, "--errors", "errors", "--summary", "summary", *kept, *more, *inputs]

    def expect(self, *more, out="out.parquet", inputs=("in.parquet",)):
        self.go(*self.arguments(*more, out=out, inputs=inputs, resume=False), status=1)
        expected = self.results(out)
        self.clear(inputs)
        return expected

    def results(self, out):
        table = rows_of(os.path.join(self.where, out))
        return table.schema, table.to_pylist(), self.get("errors"), self.counts()

    def check_same(self, out, expected, message=None):
        for found, wanted in zip(self.results(out), expected):
            self.assertEqual(found, wanted, message)

    def stop(self, *more, out="out.parquet", inputs=("in.parquet",)):
        status, err = self.go(*self.arguments("--max-errors", "9", *more, out=out, inputs=inputs))
        self.assertEqual(status, 2, err)
        self.assertIn(f"rows are kept in ./.{out}.mgeo-resume; the same command goes on", err)
        self.assertNotIn(out, self.names())

    def test_each_format_goes_on(self):
        self.give(300)
        for out in FORMATS:
            with self.subTest(out):
                expected = self.expect("--threshold", "0.5", "--probabilities", out=out)
                self.stop("--threshold", "0.5", "--probabilities", out=out)
                _, err = self.go(*self.arguments("--threshold", "0.5", "--probabilities", out=out), status=1)
                self.assertIn("goes on after row ", err)
                self.check_same(out, expected)
                self.assertEqual(self.names(), sorted(["errors", "in.parquet", out, "summary"]))
                self.clear(("in.parquet",))

    def test_text_into_columns_and_columns_into_text(self):
        self.put("in", many(300))
        expected = self.expect(inputs=("in",))
        self.stop(inputs=("in",))
        self.go(*self.arguments(inputs=("in",)), status=1)
        self.check_same("out.parquet", expected)
        self.clear(())
        self.give(300, "in.arrows")
        self.go(*self.arguments(out="out.tsv", inputs=("in.arrows",), resume=False), status=1)
        whole = self.get("out.tsv")
        self.clear(("in.arrows",))
        self.stop(out="out.tsv", inputs=("in.arrows",))
        self.go(*self.arguments(out="out.tsv", inputs=("in.arrows",)), status=1)
        self.assertEqual(self.get("out.tsv"), whole)

    def test_shards_samples_and_several_inputs(self):
        self.give(200)
        self.give(150, "more.parquet")
        inputs = ("in.parquet", "more.parquet")
        for more in (("--shard", "2/2"), ("--sample", "180"), ()):
            with self.subTest(more):
                expected = self.expect(*more, inputs=inputs)
                self.stop(*more, inputs=inputs)
                self.go(*self.arguments(*more, inputs=inputs), status=1)
                self.check_same("out.parquet", expected)
                self.clear(inputs)

    def test_another_run_s_parts(self):
        self.give(300)
        self.stop()
        for more, say in ((("-f", "arrow"), '--format was "parquet" and is "arrow" now'),
                          (("--compression", "none"), '--compression was "auto" and is "none" now'),
                          (("-f", "tsv"), "--format was"), (("--probabilities",), "--probabilities was")):
            status, err = self.go(*self.arguments(*more))
            self.assertEqual((status, err.count("\n")), (2, 1), err)
            self.assertIn(say, err)
        self.go(*self.arguments(), status=1)

    def test_damaged_parts(self):
        self.give(300)
        self.stop()
        content = self.get(".out.parquet.mgeo-resume/output")
        self.put(".out.parquet.mgeo-resume/output", content[:40] + b"#" + content[41:])
        status, err = self.go(*self.arguments())
        self.assertEqual((status, err.count("\n")), (2, 1), err)
        self.assertIn("was changed since it was committed", err)

    @unittest.skipIf(SANITIZED or not KILL_POINT, "a sanitizer wants to be the first that is loaded")
    def test_killed_before_every_call_that_changes_a_file(self):
        self.give(60)
        for out, step in zip(FORMATS, (1, 5, 5)):
            expected = self.expect(out=out)
            arguments = self.arguments(out=out)
            counted = self.path("count")
            self.go(*arguments, env={**os.environ, "LD_PRELOAD": KILL_POINT, "KILL_POINT_COUNT": counted}, status=1)
            with open(counted, encoding="ascii") as file:
                points = int(file.read())
            self.assertGreater(points, 20)
            for point in range(1, points + 1, step):
                self.clear(("in.parquet",))
                env = {**os.environ, "LD_PRELOAD": KILL_POINT, "KILL_POINT": str(point)}
                if point % 2:
                    env["KILL_POINT_HALF"] = "1"
                status, err = self.go(*arguments, env=env)
                self.assertEqual(status, -signal.SIGKILL, f"point {point} of {points}: {err}")
                if out in self.names():  # whole, or not there
                    self.assertEqual(rows_of(os.path.join(self.where, out)).to_pylist(), expected[1])
                self.go(*arguments, status=1)
                self.check_same(out, expected, f"killed at point {point} of {points}")
                self.assertEqual(self.names(), sorted(["errors", "in.parquet", out, "summary"]))
            self.clear(("in.parquet",))

    def test_a_run_without_it_that_is_killed_leaves_nothing_that_looks_whole(self):
        self.give(4000)
        for seconds in (0.05, 0.2, 0.4, 0.8):
            child = subprocess.Popen([PROGRAM, "-m", MGEO, "-q", "-o", "out.parquet", "in.parquet"], cwd=self.where,
                                     stderr=subprocess.DEVNULL)
            try:
                child.wait(seconds)
            except subprocess.TimeoutExpired:
                child.kill()
            if child.wait() == -signal.SIGKILL:
                self.assertNotIn("out.parquet", self.names())


if __name__ == "__main__":
    unittest.main()
